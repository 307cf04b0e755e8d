/** The recordings as a row of chips: choose, remove, add another. */

import { byId, icon, make } from './dom.js';
import { strings } from './strings.js';

const words = strings.takes;
const SYMBOLS = { good: 'good', fair: 'fair', poor: 'poor', refused: 'poor', unreachable: 'refresh', failed: 'fair' };

/** The word and symbol of a take's state: a key of `strings.takes.states`. */
export function stateOf(take) {
  return take.state === 'heard' ? take.plain.rating : take.state;
}

export class TakeList {
  #takes;
  #actions;
  #root = byId('takes');

  /** @param {{takes: import('./takes.js').Takes, onRemove: (take) => void, onAdd: () => void}} options */
  constructor({ takes, onRemove, onAdd }) {
    this.#takes = takes;
    this.#actions = { onRemove, onAdd };
    takes.addEventListener('change', () => this.#show());
    this.#show();
  }

  #show() {
    const focused = document.activeElement?.dataset?.focusKey;
    const chips = this.#takes.list.map((take) => this.#chip(take));
    const add = make('button', { type: 'button', class: 'chip chip-add', 'data-focus-key': 'take-add', onclick: this.#actions.onAdd }, icon('plus'), words.addAnother);
    this.#root.replaceChildren(make('ul', { 'aria-label': words.title }, ...chips, make('li', {}, add)));
    if (focused) this.#root.querySelector(`[data-focus-key="${focused}"]`)?.focus();
  }

  #chip(take) {
    const state = stateOf(take);
    const isChosen = take === this.#takes.chosen;
    const choose = make(
      'button',
      { type: 'button', class: 'chip-name', 'aria-pressed': String(isChosen), 'data-focus-key': `take-${take.id}`, onclick: () => this.#takes.choose(take) },
      SYMBOLS[state] ? icon(SYMBOLS[state]) : make('span', { class: 'dots', 'aria-hidden': 'true' }),
      make('span', { class: 'chip-words' }, make('bdi', {}, take.name), make('small', {}, words.states[state])),
    );
    const remove = make(
      'button',
      { type: 'button', class: 'bare', 'data-focus-key': `remove-${take.id}`, 'aria-label': words.remove(take.name), onclick: () => this.#actions.onRemove(take) },
      icon('close'),
    );
    return make('li', { class: `chip chip-${state}${isChosen ? ' is-chosen' : ''}` }, choose, remove);
  }
}
