/** What the page tells in passing: words for screen readers, and small cards at the foot of the page. */

import { icon, make } from './dom.js';
import { strings } from './strings.js';

const DEFAULT_SECONDS = 5;

export class Notices {
  #polite;
  #assertive;
  #cards;

  /** @param {{polite: HTMLElement, assertive: HTMLElement, cards: HTMLElement}} regions live regions and card stack */
  constructor(regions) {
    this.#polite = regions.polite;
    this.#assertive = regions.assertive;
    this.#cards = regions.cards;
  }

  /** For screen readers only: the change can be seen. */
  say(text) {
    announce(this.#polite, text);
  }

  /** For screen readers, at once. */
  sayNow(text) {
    announce(this.#assertive, text);
  }

  /**
   * A card that goes away by itself. Its time stands still while it is pointed at or focused.
   * @param {{tone?: 'plain'|'good'|'poor', seconds?: number, action?: {text: string, run: () => void}, onGone?: () => void}} options
   * @returns {() => void} takes the card away without `onGone`
   */
  show(text, { tone = 'plain', seconds = DEFAULT_SECONDS, action, onGone } = {}) {
    const symbol = { good: 'good', poor: 'fair' }[tone];
    const card = make('div', { class: `notice notice-${tone}` }, symbol && icon(symbol), make('p', {}, text));
    let timer = 0;
    let isTaken = false;
    const take = () => {
      isTaken = true;
      clearTimeout(timer);
      card.remove();
    };
    const leave = () => {
      take();
      onGone?.();
    };
    const start = () => {
      if (isTaken) return; // with its focus it leaves the page, which would begin its time anew
      clearTimeout(timer);
      timer = setTimeout(leave, seconds * 1000);
    };
    if (action) {
      card.append(make('button', { type: 'button', class: 'link', onclick: () => { take(); action.run(); } }, action.text));
    }
    card.append(make('button', { type: 'button', class: 'bare', 'aria-label': strings.page.dismiss, onclick: leave }, icon('close')));
    for (const event of ['pointerenter', 'focusin']) card.addEventListener(event, () => clearTimeout(timer));
    for (const event of ['pointerleave', 'focusout']) card.addEventListener(event, start);
    this.#cards.append(card);
    (tone === 'poor' ? this.#assertive : this.#polite).textContent = '';
    announce(tone === 'poor' ? this.#assertive : this.#polite, text);
    start();
    return take;
  }
}

function announce(region, text) {
  // The same words twice in a row would not be read again unless the region changes in between.
  region.textContent = '';
  requestAnimationFrame(() => { region.textContent = text; });
}
