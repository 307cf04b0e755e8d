/** Plays speech while it arrives: each chunk is queued right behind the one before, the first at once. */

const LEAD_S = 0.08; // head start over the output, so that the second chunk is not late
const FULL_SCALE = 32768;

/** Emits `change` when sound begins, runs out or ends. */
export class StreamPlayer extends EventTarget {
  #context;
  #rateHz;
  #queued = [];
  #samples = [];
  #rest = new Uint8Array(0);
  #nextAt = 0;
  #durationS = 0;
  #isComplete = false;

  constructor(context, rateHz) {
    super();
    this.#context = context;
    this.#rateHz = rateHz;
  }

  get durationS() {
    return this.#durationS;
  }

  /** What sounds now, on the time line of the speech; late chunks stop it rather than move it. */
  get positionS() {
    const now = this.#context.currentTime;
    const current = this.#queued.findLast((piece) => piece.at <= now);
    return current ? current.offsetS + Math.min(now - current.at, current.durationS) : 0;
  }

  get isOver() {
    return this.#isComplete && this.#context.currentTime >= this.#nextAt;
  }

  /** @param {Uint8Array} bytes 16-bit little-endian mono samples */
  push(bytes) {
    const samples = this.#read(bytes);
    if (!samples.length) return;
    const buffer = this.#context.createBuffer(1, samples.length, this.#rateHz);
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#context.destination);
    const at = Math.max(this.#nextAt, this.#context.currentTime + (this.#queued.length ? 0.01 : LEAD_S));
    source.start(at);
    source.onended = () => this.#tellWhenOver();
    this.#queued.push({ source, at, offsetS: this.#durationS, durationS: buffer.duration });
    this.#samples.push(samples);
    this.#nextAt = at + buffer.duration;
    this.#durationS += buffer.duration;
  }

  /** Nothing more will come. */
  finish() {
    this.#isComplete = true;
    this.#tellWhenOver();
  }

  stop() {
    this.#isComplete = true;
    this.#queued.forEach(({ source }) => source.stop());
    this.#nextAt = 0;
    this.dispatchEvent(new Event('change'));
  }

  /** All that came, to play again and to compare. @returns {AudioBuffer|null} */
  toBuffer() {
    const numSamples = this.#samples.reduce((sum, piece) => sum + piece.length, 0);
    if (!numSamples) return null;
    const buffer = this.#context.createBuffer(1, numSamples, this.#rateHz);
    let at = 0;
    for (const piece of this.#samples) {
      buffer.copyToChannel(piece, 0, at);
      at += piece.length;
    }
    return buffer;
  }

  #tellWhenOver() {
    if (this.isOver) this.dispatchEvent(new Event('change'));
  }

  #read(bytes) {
    // A chunk may end in the middle of a sample; its first byte waits for the second.
    const joined = new Uint8Array(this.#rest.length + bytes.length);
    joined.set(this.#rest);
    joined.set(bytes, this.#rest.length);
    const whole = joined.length - (joined.length % 2);
    this.#rest = joined.slice(whole);
    const view = new DataView(joined.buffer, 0, whole);
    return Float32Array.from({ length: whole / 2 }, (_, index) => view.getInt16(2 * index, true) / FULL_SCALE);
  }
}
