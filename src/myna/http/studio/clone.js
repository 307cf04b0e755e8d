/** The form at the end of step 2: name, consent, and the clone call with its progress. */

import { byId, fillOptions } from './dom.js';
import { readHeard } from './heard.js';
import { toSample } from './hearing.js';
import { LANGUAGES, findLanguage } from './scripts.js';
import { strings } from './strings.js';

const words = strings.clone;

/** Emits `voice` with `{voice, reference: Heard, transcript}` when one was made. */
export class CloneForm extends EventTarget {
  #api;
  #takes;
  #notices;
  #connection;
  #onKeyTrouble;
  #removesNoise;
  #abort = null;
  #hasChosenLanguage = false;

  constructor({ api, takes, notices, connection, onKeyTrouble, removesNoise }) {
    super();
    this.#api = api;
    this.#takes = takes;
    this.#notices = notices;
    this.#connection = connection;
    this.#onKeyTrouble = onKeyTrouble;
    this.#removesNoise = removesNoise;
    fillOptions(byId('clone-language'), [['AUTO', words.detect], ...LANGUAGES.map(({ code, name }) => [code, name])]);
    byId('clone-language').addEventListener('change', () => { this.#hasChosenLanguage = true; });
    const form = byId('clone-form');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#isComplete()) this.#clone();
    });
    form.addEventListener('input', ({ target }) => {
      this.#showStatement();
      clearError(target);
    });
    byId('cloning-cancel').addEventListener('click', () => this.#abort?.abort());
    byId('to-clone').addEventListener('click', () => {
      form.scrollIntoView({ behavior: 'smooth' });
      byId('clone-name').focus({ preventScroll: true });
    });
    takes.addEventListener('change', () => this.#showCount());
    this.#showStatement();
    this.#showCount();
  }

  /** Ready for another voice. The names of people stay: the same person often makes several. */
  clear() {
    for (const id of ['clone-name', 'clone-tags', 'clone-description']) byId(id).value = '';
    byId('consent-confirm').checked = false;
    byId('clone-language').value = 'AUTO';
    this.#hasChosenLanguage = false;
  }

  get #isMine() {
    return byId('clone-form').querySelector('[name="whose"]:checked').value === 'mine';
  }

  get #consent() {
    const you = byId('consent-you').value.trim() || words.blankYou;
    const them = byId('consent-them').value.trim() || words.blankThem;
    const purpose = byId('consent-purpose').value.trim().replace(/[.。]$/, '') || words.blankPurpose;
    const statement = this.#isMine ? words.statementMine(you, purpose) : words.statementTheirs(you, them, purpose);
    return { givenBy: you, speaker: this.#isMine ? you : them, purpose, statement, wordingVersion: words.wordingVersion };
  }

  #showStatement() {
    byId('consent-them-field').hidden = this.#isMine;
    byId('consent-statement').textContent = this.#consent.statement;
  }

  #showCount() {
    const { list, usable } = this.#takes;
    const left = list.filter((take) => take.problem || (take.plain && !take.plain.isUsable)).length;
    byId('clone-count').textContent = [
      usable.length ? words.usesAll(usable.length) : left === list.length && list.length ? words.noUsable : words.stillListening,
      usable.length && left ? words.leavesOut(left) : '',
    ].join(' ').trim();
    byId('clone-form').hidden = list.length === 0 || (usable.length === 0 && left === list.length);
    byId('to-clone').hidden = usable.length === 0;
    const heard = usable.find((take) => findLanguage(take.plain.langCode));
    if (heard && !this.#hasChosenLanguage) byId('clone-language').value = findLanguage(heard.plain.langCode).code;
  }

  #isComplete() {
    const missing = [
      ['clone-name', words.missing.name],
      ['consent-you', words.missing.yourName],
      ...(this.#isMine ? [] : [['consent-them', words.missing.theirName]]),
      ['consent-purpose', words.missing.purpose],
    ].filter(([id]) => !byId(id).value.trim());
    if (!byId('consent-confirm').checked) missing.push(['consent-confirm', words.missing.confirm]);
    for (const [id, text] of missing) {
      byId(id).setAttribute('aria-invalid', 'true');
      byId(`${id}-error`).textContent = text;
    }
    if (missing.length) byId(missing[0][0]).focus();
    return missing.length === 0;
  }

  async #clone() {
    const takes = this.#takes.usable;
    this.#tell('');
    const isListening = this.#takes.list.some(({ state }) => state === 'waiting' || state === 'listening');
    if (isListening || !takes.length) return this.#tell(words.stillListening);
    this.#abort = new AbortController();
    const stopClock = this.#showWorking();
    try {
      const reply = await this.#api.cloneVoice(await this.#request(takes), {
        signal: this.#abort.signal,
        onSent: (share) => this.#showSent(share),
      });
      this.#finish(reply, takes);
    } catch (error) {
      this.#tell(error.name === 'AbortError' ? words.cancelled : error.message);
      if (error.isUnreachable) this.#connection.reportLost();
      if (error.isAboutTheKey) this.#onKeyTrouble(error);
    } finally {
      stopClock();
      this.#abort = null;
    }
  }

  async #request(takes) {
    return {
      displayName: byId('clone-name').value.trim(),
      langCode: byId('clone-language').value,
      description: byId('clone-description').value.trim(),
      tags: splitTags(byId('clone-tags').value),
      voiceSamples: await Promise.all(takes.map(toSample)),
      audioProcessingConfig: { removeBackgroundNoise: this.#removesNoise() },
      consent: this.#consent,
    };
  }

  #finish(reply, takes) {
    const samples = reply.audioSamplesValidated.map(readHeard);
    if (!reply.voice) {
      const reasons = samples.flatMap(({ findings }) => findings.filter(({ severity }) => severity === 'error').map(({ text }) => text));
      return this.#tell([words.noUsable, ...reasons].join(' '));
    }
    const best = samples.findIndex(({ isUsable }) => isUsable);
    const transcript = takes[best]?.transcript || samples[best]?.transcript || '';
    this.clear();
    this.#notices.say(words.done(reply.voice.displayName));
    this.dispatchEvent(new CustomEvent('voice', { detail: { voice: reply.voice, reference: samples[best] ?? null, transcript } }));
  }

  #showWorking() {
    const began = performance.now();
    byId('cloning').hidden = false;
    byId('clone-go').disabled = true;
    byId('clone-go').hidden = true;
    this.#showSent(0);
    const timer = setInterval(() => {
      if (byId('cloning-progress').hasAttribute('value')) return;
      byId('cloning-word').textContent = words.working(Math.round((performance.now() - began) / 1000));
    }, 500);
    byId('cloning-cancel').focus();
    return () => {
      clearInterval(timer);
      byId('cloning').hidden = true;
      byId('clone-go').hidden = false;
      byId('clone-go').disabled = false;
    };
  }

  #showSent(share) {
    const bar = byId('cloning-progress');
    if (share < 1) bar.value = share;
    else bar.removeAttribute('value');
    byId('cloning-word').textContent = share < 1 ? words.sending(share * 100) : words.working(0);
  }

  #tell(text) {
    byId('clone-trouble').hidden = !text;
    byId('clone-trouble').textContent = text;
  }
}

/** `"warm, story ,"` → `["warm", "story"]` */
export function splitTags(text) {
  return [...new Set(text.split(/[,，،、]/).map((tag) => tag.trim()).filter(Boolean))];
}

function clearError(field) {
  field.removeAttribute('aria-invalid');
  const error = document.getElementById(`${field.id}-error`);
  if (error) error.textContent = '';
}
