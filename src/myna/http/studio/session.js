/** The API key of this tab: from the link's fragment or typed; in sessionStorage, gone when the tab closes. */

const STORAGE_NAME = 'myna.key';

export class Session extends EventTarget {
  #storage;

  constructor(storage) {
    super();
    this.#storage = storage;
  }

  get key() {
    return this.#storage.getItem(STORAGE_NAME) ?? '';
  }

  set key(value) {
    if (value) this.#storage.setItem(STORAGE_NAME, value);
    else this.#storage.removeItem(STORAGE_NAME);
    this.dispatchEvent(new Event('change'));
  }

  /** Take `#key=...` out of the address bar, so that it is neither shown, bookmarked nor shared. */
  adoptFragment(location, history) {
    const key = new URLSearchParams(location.hash.slice(1)).get('key');
    if (!key) return;
    history.replaceState(null, '', location.pathname + location.search);
    // A key is base64: a "+" that URLSearchParams read as a space is put back.
    this.key = key.replaceAll(' ', '+');
  }
}
