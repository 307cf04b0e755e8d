/** Watches voices that are listened to and get better in the background, until they are done. */

const ASK_AGAIN_MS = { hearing: 1000, measuring: 1000, refining: 4000 };

/** Emits `change` with the voice at each stage, and for the last `done` instead if the voice got better. */
export class RefinementWatch extends EventTarget {
  #api;
  #watched = new Set();

  constructor({ api }) {
    super();
    this.#api = api;
  }

  /** @param {object} voice as the server told it */
  async watch(voice) {
    if (voice.refinement !== 'pending' || this.#watched.has(voice.voiceId)) return;
    this.#watched.add(voice.voiceId);
    try {
      await this.#untilDone(voice);
    } catch {
      // Deleted, or the server is away: the library shows how the voice is when it is fetched again.
    } finally {
      this.#watched.delete(voice.voiceId);
    }
  }

  async #untilDone(voice) {
    const stages = new Set();
    let known = voice;
    while (known.refinement === 'pending') {
      stages.add(known.refinementStage);
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS[known.refinementStage] ?? ASK_AGAIN_MS.refining));
      const asked = await this.#api.getVoice(voice.voiceId);
      const isDone = asked.refinement !== 'pending';
      const hasImproved = isDone && [...stages].some((stage) => stage !== 'measuring');
      if (isDone || asked.refinementStage !== known.refinementStage) {
        this.dispatchEvent(new CustomEvent(hasImproved ? 'done' : 'change', { detail: asked }));
      }
      known = asked;
    }
  }
}
