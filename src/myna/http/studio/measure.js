/** Asks the worker for spectrogram and pitch. */

export const SPECTRUM_COLUMNS = 1000;
export const SPECTRUM_ROWS = 160;
export const SPECTRUM_MAX_HZ = 12000;

export class Measurer {
  #worker = null;
  #waiting = new Map();
  #nextId = 0;

  /** Load the worker now, so that pictures need no server later. */
  prepare() {
    this.#worker ??= this.#startWorker();
  }

  /**
   * @param {Float32Array} samples one channel
   * @returns {Promise<{levels: Uint8Array, pitch: {hopS: number, hz: Float32Array}}>}
   */
  measure(samples, rateHz) {
    this.prepare();
    const id = (this.#nextId += 1);
    const copy = samples.slice();
    this.#worker.postMessage(
      { id, samples: copy, rateHz, columns: SPECTRUM_COLUMNS, rows: SPECTRUM_ROWS, maxHz: SPECTRUM_MAX_HZ },
      [copy.buffer],
    );
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #startWorker() {
    const worker = new Worker(trustedAddress(new URL('dsp-worker.js', import.meta.url)), { type: 'module' });
    worker.onmessage = ({ data }) => {
      this.#waiting.get(data.id)?.(data);
      this.#waiting.delete(data.id);
    };
    return worker;
  }
}

/** The page's policy lets no string become a script; this is the one address that may. */
function trustedAddress(url) {
  const policy = globalThis.trustedTypes?.createPolicy('studio-worker', { createScriptURL: () => url.href });
  return policy ? policy.createScriptURL('') : url;
}
