/** The microphone: raw (no echo cancelling, noise gate or automatic gain of the browser), to 16-bit WAV. */

import { encodeWav } from './wav.js';

/** Why the microphone could not be opened. `reason` is a key of `strings.record`. */
export class MicrophoneUnavailable extends Error {
  constructor(reason) {
    super(reason);
    this.name = 'MicrophoneUnavailable';
    this.reason = reason;
  }
}

/** Emits `piece` with `{samples: Float32Array, peak: number}` while it records. */
export class Recorder extends EventTarget {
  #preparing = null;
  #context = null;
  #stream = null;
  #source = null;
  #tap = null;
  #pieces = [];

  /** Load what runs on the audio thread, so that recording needs no server. */
  prepare() {
    this.#preparing ??= this.#load().catch(() => { this.#preparing = null; });
    return this.#preparing;
  }

  get isRunning() {
    return this.#source !== null;
  }

  get durationS() {
    if (!this.isRunning) return 0;
    return this.#pieces.reduce((sum, piece) => sum + piece.length, 0) / this.#context.sampleRate;
  }

  /** @throws {MicrophoneUnavailable} */
  async start(deviceId) {
    if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneUnavailable('insecure');
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: {
          channelCount: 1,
          echoCancellation: false,
          noiseSuppression: false,
          autoGainControl: false,
          ...(deviceId && { deviceId: { exact: deviceId } }),
        },
      });
      await this.#listen();
    } catch (error) {
      await this.discard();
      throw new MicrophoneUnavailable(reasonOf(error));
    }
  }

  /** @returns {Promise<{wav: Blob, durationS: number}>} */
  async stop() {
    const { durationS } = this;
    const wav = encodeWav(this.#pieces, this.#context.sampleRate);
    await this.discard();
    return { wav, durationS };
  }

  /** Stop and forget. */
  async discard() {
    this.#source?.disconnect();
    this.#source = null;
    this.#pieces = [];
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    await this.#context?.suspend();
  }

  async #load() {
    const context = new AudioContext();
    await context.audioWorklet.addModule(new URL('recorder-worklet.js', import.meta.url));
    this.#context = context;
  }

  async #listen() {
    await this.prepare();
    this.#tap ??= this.#makeTap();
    this.#tap.port.postMessage('begin');
    this.#pieces = [];
    await this.#context.resume();
    this.#source = this.#context.createMediaStreamSource(this.#stream);
    this.#source.connect(this.#tap);
  }

  #makeTap() {
    const tap = new AudioWorkletNode(this.#context, 'microphone-tap', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
    tap.port.onmessage = ({ data }) => {
      if (!this.isRunning) return;
      this.#pieces.push(data.samples);
      this.dispatchEvent(new CustomEvent('piece', { detail: data }));
    };
    return tap;
  }
}

/** The microphones to choose from. Browsers name them only after one was allowed. */
export async function listMicrophones() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices.filter((device) => device.kind === 'audioinput' && device.label && device.deviceId !== 'default');
}

function reasonOf(error) {
  if (error instanceof MicrophoneUnavailable) return error.reason;
  if (error.name === 'NotAllowedError' || error.name === 'SecurityError') return 'denied';
  if (error.name === 'NotFoundError' || error.name === 'OverconstrainedError') return 'missing';
  return 'failed';
}
