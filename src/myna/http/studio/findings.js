/** What was noticed: a numbered list of advice, and pins with the same numbers at the places in the picture. */

import { byId, icon, make } from './dom.js';
import { strings } from './strings.js';

const words = strings.listen;
const SYMBOLS = { error: 'poor', warning: 'fair', info: 'info' };

/**
 * The list. @param {import('./heard.js').Finding[]} findings
 * @param {(startS: number) => void} onPlay go to a place
 */
export function showAdvice(findings, onPlay) {
  byId('findings').replaceChildren(...findings.map((finding, index) => listItem(finding, index + 1, onPlay)));
  byId('no-findings').hidden = findings.length > 0;
}

/** The pins of what lies in view. @param {{startS: number, endS: number}} view */
export function showPins(findings, view, onPlay) {
  byId('pins').replaceChildren(...findings.flatMap((finding, index) => pin(finding, index + 1, view, onPlay)));
}

function listItem(finding, number, onPlay) {
  const hasPlace = finding.startS !== null;
  const place = hasPlace ? words.findingAt(finding.startS, finding.endS) : words.findingAll;
  const mark = (isOn) => byId('pins').querySelector(`[data-number="${number}"]`)?.classList.toggle('is-marked', isOn);
  return make(
    'li',
    { class: `finding finding-${finding.severity}`, onpointerenter: () => mark(true), onpointerleave: () => mark(false) },
    make('span', { class: 'finding-mark' }, icon(SYMBOLS[finding.severity]), make('span', { 'aria-hidden': 'true' }, String(number))),
    make(
      'div',
      {},
      make('p', { class: 'finding-kind' }, `${words.severities[finding.severity]} · `, hasPlace
        ? make('button', { type: 'button', class: 'link', 'aria-label': `${place}: ${words.showFinding(number)}`, onclick: () => onPlay(finding.startS) }, place)
        : place),
      make('p', {}, finding.text),
    ),
  );
}

function pin(finding, number, view, onPlay) {
  if (finding.startS === null || finding.endS < view.startS || finding.startS > view.endS) return [];
  const share = (timeS) => Math.min(1, Math.max(0, (timeS - view.startS) / (view.endS - view.startS)));
  const element = make(
    'button',
    // The list says the same in words and is where the keyboard goes.
    { type: 'button', class: `pin pin-${finding.severity}`, 'data-number': number, tabindex: '-1', 'aria-hidden': 'true', onclick: () => onPlay(finding.startS) },
    make('span', {}, String(number)),
  );
  element.style.setProperty('--from', String(share(finding.startS)));
  element.style.setProperty('--to', String(share(finding.endS)));
  return [element];
}
