/** Figures of a recording as tiles: a name, a word, a symbol, the number. */

import { byId, icon, make } from './dom.js';
import { strings } from './strings.js';

const words = strings.listen;

/** @param {import('./heard.js').Figure[]} figures */
export function showQuality(figures) {
  const known = figures.filter(({ value }) => value !== null);
  byId('quality').replaceChildren(...known.map(tile));
  byId('quality').hidden = byId('quality-title').hidden = known.length === 0;
}

function tile({ key, value, rating }) {
  const text = words[key];
  return make(
    'li',
    { class: `tile tile-${rating}` },
    make('span', { class: 'tile-name' }, text.name),
    make('strong', { class: 'tile-word' }, icon(rating), text[rating]),
    make('span', { class: 'tile-value' }, text.value(value)),
  );
}
