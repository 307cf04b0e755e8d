/** Light, dark, or as the device says; remembered. */

import { strings } from './strings.js';

const STORAGE_NAME = 'myna.theme';
const ORDER = ['auto', 'light', 'dark'];

export class ThemeButton {
  #button;
  #storage;
  #onChange;

  constructor({ button, storage, onChange }) {
    this.#button = button;
    this.#storage = storage;
    this.#onChange = onChange;
    button.addEventListener('click', () => this.#use(ORDER[(ORDER.indexOf(this.#current) + 1) % ORDER.length]));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => onChange());
    this.#show();
  }

  get #current() {
    const stored = this.#storage.getItem(STORAGE_NAME);
    return ORDER.includes(stored) ? stored : 'auto';
  }

  #use(theme) {
    this.#storage.setItem(STORAGE_NAME, theme);
    this.#show();
    this.#onChange();
  }

  #show() {
    document.documentElement.dataset.theme = this.#current;
    const text = strings.page.themeNow(strings.page.themes[this.#current]);
    this.#button.setAttribute('aria-label', text);
    this.#button.title = text;
  }
}
