/** Runs on the audio thread: hands over the microphone's samples in pieces, each with its peak. */

const PIECE_SAMPLES = 2048;

class MicrophoneTap extends AudioWorkletProcessor {
  #piece = new Float32Array(PIECE_SAMPLES);
  #filled = 0;

  constructor() {
    super();
    // What was left of the recording before must not begin this one.
    this.port.onmessage = () => { this.#filled = 0; };
  }

  process([input]) {
    const channel = input[0];
    if (!channel) return true;
    // A quantum is 128 samples, which divides the piece: it never straddles two.
    this.#piece.set(channel, this.#filled);
    this.#filled += channel.length;
    if (this.#filled >= PIECE_SAMPLES) this.#handOver();
    return true;
  }

  #handOver() {
    const samples = this.#piece;
    let peak = 0;
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    this.port.postMessage({ samples, peak }, [samples.buffer]);
    this.#piece = new Float32Array(PIECE_SAMPLES);
    this.#filled = 0;
  }
}

registerProcessor('microphone-tap', MicrophoneTap);
