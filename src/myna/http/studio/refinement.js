/** Watches voices that still get better in the background, until they are done. */

const ASK_AGAIN_MS = 4000;

/** Emits `done` with the voice. */
export class RefinementWatch extends EventTarget {
  #api;
  #watched = new Set();

  constructor({ api }) {
    super();
    this.#api = api;
  }

  /** @param {object} voice as the server told it */
  async watch({ voiceId, refinement }) {
    if (refinement !== 'pending' || this.#watched.has(voiceId)) return;
    this.#watched.add(voiceId);
    try {
      const done = await this.#untilDone(voiceId);
      this.dispatchEvent(new CustomEvent('done', { detail: done }));
    } catch {
      // Deleted, or the server is away: the library shows how the voice is when it is fetched again.
    } finally {
      this.#watched.delete(voiceId);
    }
  }

  async #untilDone(voiceId) {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
      const voice = await this.#api.getVoice(voiceId);
      if (voice.refinement !== 'pending') return voice;
    }
  }
}
