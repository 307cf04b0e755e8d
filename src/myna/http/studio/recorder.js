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
  #stream = null;
  #context = null;
  #pieces = [];

  get isRunning() {
    return this.#context !== null;
  }

  get durationS() {
    if (!this.#context) return 0;
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
      await this.#close();
      throw new MicrophoneUnavailable(reasonOf(error));
    }
  }

  /** @returns {Promise<{wav: Blob, durationS: number}>} */
  async stop() {
    const { sampleRate } = this.#context;
    const durationS = this.durationS;
    const wav = encodeWav(this.#pieces, sampleRate);
    await this.#close();
    return { wav, durationS };
  }

  /** Stop and forget. */
  async discard() {
    await this.#close();
  }

  async #listen() {
    const context = new AudioContext();
    this.#context = context;
    this.#pieces = [];
    await context.audioWorklet.addModule(new URL('recorder-worklet.js', import.meta.url));
    const tap = new AudioWorkletNode(context, 'microphone-tap', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
    tap.port.onmessage = ({ data }) => {
      this.#pieces.push(data.samples);
      this.dispatchEvent(new CustomEvent('piece', { detail: data }));
    };
    context.createMediaStreamSource(this.#stream).connect(tap);
    await context.resume();
  }

  async #close() {
    const context = this.#context;
    this.#context = null;
    this.#pieces = [];
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    await context?.close();
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
