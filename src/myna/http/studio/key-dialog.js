/** Asks for the API key. */

import { byId } from './dom.js';
import { strings } from './strings.js';

export class KeyDialog {
  #session;
  #dialog = byId('key-dialog');

  constructor({ session }) {
    this.#session = session;
    byId('key-open').addEventListener('click', () => this.open());
    byId('key-cancel').addEventListener('click', () => this.#dialog.close());
    byId('key-forget').addEventListener('click', () => {
      session.key = '';
      byId('key-input').value = '';
    });
    byId('key-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#use(byId('key-input').value.trim());
    });
  }

  /** @param {string} problem why the key is asked for again; empty at first */
  open(problem = '') {
    byId('key-input').value = '';
    byId('key-error').textContent = problem;
    byId('key-forget').hidden = !this.#session.key;
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #use(key) {
    if (!key) {
      byId('key-error').textContent = strings.key.empty;
      return byId('key-input').focus();
    }
    this.#dialog.close();
    // A key pasted with its scheme is taken without it.
    this.#session.key = key.replace(/^(basic|bearer)\s+/i, '');
  }
}
