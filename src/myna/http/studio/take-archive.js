/** Recordings kept in this browser (IndexedDB) until they became a voice: a lost connection or a reload loses none. */

const DATABASE = 'myna-studio';
const STORE = 'takes';

export class TakeArchive {
  #opening = null;

  /** @returns {Promise<object[]>} what was kept, oldest first; none where the browser keeps nothing (private windows) */
  async all() {
    const kept = await this.#run('readonly', (store) => store.getAll());
    return (kept ?? []).sort((first, second) => first.addedAt - second.addedAt);
  }

  put(record) {
    return this.#run('readwrite', (store) => store.put(record));
  }

  remove(id) {
    return this.#run('readwrite', (store) => store.delete(id));
  }

  clear() {
    return this.#run('readwrite', (store) => store.clear());
  }

  async #run(mode, ask) {
    try {
      const database = await (this.#opening ??= open());
      return await promised(ask(database.transaction(STORE, mode).objectStore(STORE)));
    } catch {
      return undefined; // Without storage the recordings live as long as the page does.
    }
  }
}

function open() {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'id' });
  return promised(opening);
}

function promised(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
