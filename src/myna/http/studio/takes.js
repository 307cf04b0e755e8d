/** The recordings that a voice is to be made from, and what the server heard in each. */

/**
 * @typedef {object} Take
 * @property {string} id
 * @property {string} name shown; the file's name or "Recording 2"
 * @property {Blob} blob as recorded or uploaded
 * @property {string} langCode what the person said it is in; empty to detect
 * @property {string} transcript corrected or given words; empty if none
 * @property {number} addedAt ms since the epoch
 * @property {'waiting'|'listening'|'heard'|'refused'|'unreachable'|'failed'} state
 * @property {string} problem why it was refused or failed
 * @property {import('./heard.js').Heard|null} plain what was heard without noise removal
 * @property {import('./heard.js').Heard|null} cleaned what was heard with it
 */

/** Emits `change` for anything about the list, and `choose` when another take is shown. */
export class Takes extends EventTarget {
  #archive;
  #list = [];
  #chosen = null;

  constructor(archive) {
    super();
    this.#archive = archive;
  }

  get list() {
    return this.#list;
  }

  /** @returns {Take|null} the one that is shown */
  get chosen() {
    return this.#chosen;
  }

  /** Takes that a voice can be made of. */
  get usable() {
    return this.#list.filter((take) => take.state === 'heard' && take.plain.isUsable);
  }

  /** Bring back what was kept from last time. @returns {Promise<number>} how many */
  async restore() {
    const kept = await this.#archive.all();
    this.#list = kept.map((record) => ({ ...record, ...unheard() }));
    this.choose(this.#list[0] ?? null);
    return kept.length;
  }

  /** @returns {Take} */
  add({ name, blob, langCode, transcript = '' }) {
    const record = { id: newId(), name, blob, langCode, transcript, addedAt: Date.now() };
    const take = { ...record, ...unheard() };
    this.#list.push(take);
    this.#archive.put(record);
    this.choose(take);
    return take;
  }

  /** Note something about a take. */
  change(take, values) {
    Object.assign(take, values);
    if ('transcript' in values) {
      const { id, name, blob, langCode, transcript, addedAt } = take;
      this.#archive.put({ id, name, blob, langCode, transcript, addedAt });
    }
    this.#emit('change');
  }

  remove(take) {
    this.#list = this.#list.filter((other) => other !== take);
    this.#archive.remove(take.id);
    if (this.#chosen === take) this.choose(this.#list.at(-1) ?? null);
    else this.#emit('change');
  }

  clear() {
    this.#list = [];
    this.#archive.clear();
    this.choose(null);
  }

  /** They have become a voice: nothing needs to be kept for next time. */
  forgetKept() {
    this.#archive.clear();
  }

  choose(take) {
    this.#chosen = take;
    this.#emit('change');
    this.#emit('choose');
  }

  #emit(name) {
    this.dispatchEvent(new Event(name));
  }
}

/** `crypto.randomUUID` is missing on http pages other than localhost. */
function newId() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-');
}

function unheard() {
  return { state: 'waiting', problem: '', plain: null, cleaned: null };
}
