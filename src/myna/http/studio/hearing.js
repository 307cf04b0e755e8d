/** Has each recording heard by the server (`validateOnly`): one at a time, cancellable, again when the server is back. */

import { toBase64 } from './api.js';
import { readHeard } from './heard.js';
import { strings } from './strings.js';

const CHECK_NAME = 'studio check'; // displayName is required even where nothing is stored

/** Emits `progress` with `{take, share}`; 1 means that it was sent and the server is listening. */
export class Hearing extends EventTarget {
  #api;
  #takes;
  #connection;
  #onKeyTrouble;
  #running = new Map();
  #line = Promise.resolve();

  constructor({ api, takes, connection, onKeyTrouble }) {
    super();
    this.#api = api;
    this.#takes = takes;
    this.#connection = connection;
    this.#onKeyTrouble = onKeyTrouble;
    connection.addEventListener('back', () => this.hearAll());
  }

  /** Hear everything that has not been heard. */
  hearAll() {
    for (const take of this.#takes.list) {
      if (['waiting', 'unreachable', 'failed'].includes(take.state)) this.hear(take);
    }
  }

  /** Line up a take. What goes wrong is noted in it. */
  hear(take) {
    this.#takes.change(take, { state: 'waiting', problem: '' });
    this.#line = this.#line.then(() => this.#hearNow(take));
    return this.#line;
  }

  /** What it sounds like without noise; null if that failed or was cancelled. */
  async hearCleaned(take) {
    if (take.cleaned) return take.cleaned;
    try {
      const cleaned = await this.#ask(take, true);
      this.#takes.change(take, { cleaned });
      return cleaned;
    } catch (error) {
      if (error.name === 'AbortError') return null;
      this.#report(error);
      throw error;
    }
  }

  isRunning(take) {
    return this.#running.has(take.id);
  }

  cancel(take) {
    this.#running.get(take.id)?.abort();
  }

  async #hearNow(take) {
    if (!this.#takes.list.includes(take) || take.state !== 'waiting') return;
    this.#takes.change(take, { state: 'listening' });
    try {
      const plain = await this.#ask(take, false);
      this.#takes.change(take, { plain, state: 'heard' });
    } catch (error) {
      this.#takes.change(take, toState(error));
      this.#report(error);
    }
  }

  async #ask(take, removeBackgroundNoise) {
    const abort = new AbortController();
    this.#running.set(take.id, abort);
    const tell = (share) => this.dispatchEvent(new CustomEvent('progress', { detail: { take, share } }));
    try {
      const request = {
        displayName: CHECK_NAME,
        langCode: take.langCode || 'AUTO',
        voiceSamples: [await toSample(take)],
        audioProcessingConfig: { removeBackgroundNoise },
        validateOnly: true,
      };
      tell(0);
      const reply = await this.#api.cloneVoice(request, { signal: abort.signal, onSent: tell });
      return readHeard(reply.audioSamplesValidated[0]);
    } finally {
      this.#running.delete(take.id);
    }
  }

  #report(error) {
    if (error.isUnreachable) this.#connection.reportLost();
    if (error.isAboutTheKey) this.#onKeyTrouble(error);
  }
}

/** A take as the API takes it. */
export async function toSample(take) {
  return { audioData: await toBase64(take.blob), ...(take.transcript && { transcription: take.transcript }) };
}

function toState(error) {
  if (error.name === 'AbortError') return { state: 'failed', problem: strings.listen.cancelled };
  if (error.isUnreachable) return { state: 'unreachable', problem: strings.listen.unreachable };
  // The API names the field, for programs; a person has one recording before them.
  if (error.status === 400) return { state: 'refused', problem: error.message.replace(/^voiceSamples\[\d+\]\.audioData: /, '') };
  return { state: 'failed', problem: error.message };
}
