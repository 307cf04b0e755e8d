/** Building and finding elements. Text only ever becomes text, never markup. */

import { textAt } from './strings.js';

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An element with attributes, listeners (`onclick`) and children. False, null and undefined are left out.
 * @returns {HTMLElement}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An icon of the page; decorative, so the control around it needs a name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** The element with this id; the page has a fixed skeleton, so it is there. */
export function byId(id) {
  return document.getElementById(id);
}

/** Fill in the words of the skeleton: `data-t` text, `data-t-label` accessible name, `data-t-placeholder`. */
export function fillStrings(root) {
  for (const element of root.querySelectorAll('[data-t]')) element.textContent = textAt(element.dataset.t);
  for (const element of root.querySelectorAll('[data-t-label]')) element.setAttribute('aria-label', textAt(element.dataset.tLabel));
  for (const element of root.querySelectorAll('[data-t-placeholder]')) element.placeholder = textAt(element.dataset.tPlaceholder);
  for (const element of root.querySelectorAll('[data-icon]')) element.prepend(icon(element.dataset.icon));
}

/** Replace a button's icon and words. */
export function relabel(button, iconName, text) {
  button.replaceChildren(icon(iconName), make('span', {}, text));
}

/** `<option>`s of a select, keeping the choice if it is still there. @param {[string, string][]} options value, text */
export function fillOptions(select, options) {
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, text]) => make('option', { value }, text)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}
