/** Watches voices that are listened to and get better in the background, until they are done. */

const ASK_AGAIN_MS = { hearing: 1000, measuring: 1000, refining: 4000 };
const SLOWER = 1.25; // each time that nothing has changed
const SLOWEST_MS = 60_000;
const GIVE_UP_MS = 1_800_000; // a stage that takes longer will not end while the page waits

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
    let [askMs, waitedMs] = [0, 0];
    while (known.refinement === 'pending' && waitedMs < GIVE_UP_MS) {
      stages.add(known.refinementStage);
      askMs = Math.min(askMs * SLOWER || ASK_AGAIN_MS[known.refinementStage] || ASK_AGAIN_MS.refining, SLOWEST_MS);
      await new Promise((resolve) => setTimeout(resolve, askMs));
      waitedMs += askMs;
      const asked = await this.#api.getVoice(voice.voiceId);
      const isDone = asked.refinement !== 'pending';
      const hasImproved = isDone && [...stages].some((stage) => stage !== 'measuring');
      if (isDone || asked.refinementStage !== known.refinementStage) {
        [askMs, waitedMs] = [0, 0];
        this.dispatchEvent(new CustomEvent(hasImproved ? 'done' : 'change', { detail: asked }));
      }
      known = asked;
    }
  }
}
