/** Whether the server can be reached. Once lost, asks again every few seconds until it is back. */

const ASK_AGAIN_MS = 2000;

export class Connection extends EventTarget {
  #api;
  #timer = 0;

  constructor(api) {
    super();
    this.#api = api;
  }

  get isLost() {
    return this.#timer !== 0;
  }

  reportLost() {
    if (this.isLost) return;
    this.#timer = setInterval(() => this.check(), ASK_AGAIN_MS);
    this.dispatchEvent(new Event('lost'));
  }

  async check() {
    if (!this.isLost || !(await this.#api.isAlive()) || !this.isLost) return;
    clearInterval(this.#timer);
    this.#timer = 0;
    this.dispatchEvent(new Event('back'));
  }
}
