/** The page's one audio output, decoding, and playing several versions of one recording in step. */

/** Pictures and comparisons are made at the rate that voices are made from. */
export const RATE_HZ = 24000;
const FADE_S = 0.02;
const START_DELAY_S = 0.05;

export class Sound {
  #context = null;

  /** Browsers give sound only after a click, so the output opens with the first use. */
  async open() {
    this.#context ??= new AudioContext();
    await this.#context.resume();
    return this.#context;
  }
}

/** Mono samples of an audio file in any format of the browser. @returns {Promise<AudioBuffer>} rejects if it is none */
export async function decode(bytes) {
  const context = new OfflineAudioContext(1, 1, RATE_HZ);
  const decoded = await context.decodeAudioData(bytes.slice().buffer);
  if (decoded.numberOfChannels === 1) return decoded;
  const mixed = context.createBuffer(1, decoded.length, RATE_HZ);
  const target = mixed.getChannelData(0);
  for (let channel = 0; channel < decoded.numberOfChannels; channel += 1) {
    const source = decoded.getChannelData(channel);
    for (let n = 0; n < target.length; n += 1) target[n] += source[n] / decoded.numberOfChannels;
  }
  return mixed;
}

/**
 * Plays versions of one recording on one time line and lets one of them be heard; switching fades within 20 ms.
 * Emits `change` when it starts, stops or switches.
 */
export class SyncedPlayer extends EventTarget {
  #sound;
  #tracks = new Map();
  #heard = '';
  #playing = null;
  #restS = 0;

  constructor(sound) {
    super();
    this.#sound = sound;
  }

  /** @param {Map<string, {buffer: AudioBuffer, startS: number}>} tracks where on the time line each begins */
  setTracks(tracks) {
    const wasPlaying = this.isPlaying;
    const at = this.positionS;
    this.#silence();
    this.#tracks = tracks;
    this.#restS = at;
    if (wasPlaying && tracks.size) this.play(at);
  }

  /** Another recording: nothing sounds, and it begins at its beginning. */
  clear() {
    this.#silence();
    this.#tracks = new Map();
    this.#restS = 0;
    this.dispatchEvent(new Event('change'));
  }

  get isPlaying() {
    return this.#playing !== null;
  }

  get heard() {
    return this.#heard;
  }

  get positionS() {
    if (!this.#playing) return this.#restS;
    const { context, startedAt, fromS } = this.#playing;
    return Math.max(fromS, fromS + context.currentTime - startedAt);
  }

  /** Which version is heard. Outside of its stretch it starts at its beginning. */
  hear(name) {
    if (name === this.#heard) return;
    this.#heard = name;
    if (this.#playing) {
      if (this.#isOutside(this.positionS)) return void this.play(this.positionS);
      this.#applyGains(FADE_S);
    }
    this.dispatchEvent(new Event('change'));
  }

  /** Play what is heard from a place on the time line. */
  async play(fromS = this.#restS) {
    const context = await this.#sound.open();
    this.#silence();
    const start = this.#isOutside(fromS) ? this.#stretch()[0] : fromS;
    const startedAt = context.currentTime + START_DELAY_S;
    const voices = new Map();
    for (const [name, track] of this.#tracks) {
      const source = new AudioBufferSourceNode(context, { buffer: track.buffer });
      const gain = new GainNode(context, { gain: name === this.#heard ? 1 : 0 });
      source.connect(gain).connect(context.destination);
      const skipS = start - track.startS;
      if (skipS >= track.buffer.duration) continue;
      source.start(startedAt + Math.max(0, -skipS), Math.max(0, skipS));
      source.onended = () => this.#onEnded(name, source);
      voices.set(name, { source, gain });
    }
    this.#playing = { context, startedAt, fromS: start, voices };
    this.dispatchEvent(new Event('change'));
  }

  pause() {
    this.#restS = this.positionS;
    this.#silence();
    this.dispatchEvent(new Event('change'));
  }

  seek(positionS) {
    if (this.isPlaying) this.play(positionS);
    else {
      this.#restS = positionS;
      this.dispatchEvent(new Event('change'));
    }
  }

  #applyGains(fadeS) {
    const { context, voices } = this.#playing;
    for (const [name, { gain }] of voices) gain.gain.setTargetAtTime(name === this.#heard ? 1 : 0, context.currentTime, fadeS / 3);
  }

  #stretch() {
    const track = this.#tracks.get(this.#heard);
    return track ? [track.startS, track.startS + track.buffer.duration] : [0, 0];
  }

  #isOutside(positionS) {
    const [from, to] = this.#stretch();
    return positionS < from || positionS >= to - 0.05;
  }

  #onEnded(name, source) {
    if (this.#playing?.voices.get(name)?.source !== source || name !== this.#heard) return;
    this.#restS = this.#stretch()[0];
    this.#silence();
    this.dispatchEvent(new Event('change'));
  }

  #silence() {
    const voices = this.#playing?.voices;
    this.#playing = null;
    voices?.forEach(({ source }) => source.stop());
  }
}
