/** The library: find, choose, edit, copy and delete voices. */

import { byId, fillOptions, icon, make } from './dom.js';
import { splitTags } from './clone.js';
import { findLanguage } from './scripts.js';
import { curlOf, pythonOf } from './snippets.js';
import { strings } from './strings.js';

const words = strings.library;
const UNDO_SECONDS = 8;

/** Emits `choose` with a voice, `gone` with a voice whose deletion began, `change` with one that was edited. */
export class Library extends EventTarget {
  #api;
  #notices;
  #onTrouble;
  #voices = [];
  /** Voices that are to be deleted unless somebody thinks better of it. */
  #leaving = new Map();
  #state = 'loading';
  #hasLoaded = false;
  #openId = '';
  #chosenId = '';
  #edited = null;

  constructor({ api, notices, onTrouble }) {
    super();
    this.#api = api;
    this.#notices = notices;
    this.#onTrouble = onTrouble;
    for (const id of ['library-search', 'library-language', 'library-tag']) byId(id).addEventListener('input', () => this.#show());
    byId('library-whose').addEventListener('change', () => {
      this.#offerFilters();
      this.#show();
    });
    this.#wireEditing();
    // A voice that is waiting to go is not spared by closing the page.
    globalThis.addEventListener('pagehide', () => this.#deleteWaiting());
    this.#show();
  }

  async load() {
    if (!this.#voices.length) this.#setState('loading');
    try {
      this.#voices = await this.#api.listVoices();
      this.#hasLoaded = true;
      this.#offerFilters();
      this.#setState('ready');
    } catch (error) {
      this.#setState('failed');
      this.#onTrouble(error, { isQuiet: true });
    }
  }

  /** Has the key opened the library? */
  get hasLoaded() {
    return this.#hasLoaded;
  }

  /** No key: nothing to show. */
  clear() {
    this.#voices = [];
    this.#hasLoaded = false;
    this.#setState('ready');
  }

  /** A voice was just made. */
  add(voice) {
    this.#voices.push(voice);
    byId('library-whose').querySelector('[value="own"]').checked = true;
    this.#clearFilters();
  }

  /** The server told something new about a voice. */
  update(voice) {
    const known = this.#voices.find(({ voiceId }) => voiceId === voice.voiceId);
    if (known) Object.assign(known, voice);
    this.#show();
  }

  /** Mark the voice that speaks now. */
  setChosen(voiceId) {
    this.#chosenId = voiceId;
    this.#show();
  }

  // --- list ------------------------------------------------------------------------------------------------------

  get #source() {
    return byId('library-whose').querySelector(':checked').value;
  }

  /** Of the chosen shelf, the newest first. */
  get #shelf() {
    const isOwn = this.#source === 'own';
    return this.#voices
      .filter((voice) => (voice.source !== 'SYSTEM') === isOwn && !this.#leaving.has(voice.voiceId))
      .sort((first, second) => (isOwn
        ? (second.createTime || '').localeCompare(first.createTime || '')
        : first.displayName.localeCompare(second.displayName)));
  }

  #setState(state) {
    this.#state = state;
    this.#show();
  }

  #offerFilters() {
    const shelf = this.#shelf;
    const codes = [...new Set(shelf.map(({ langCode }) => langCode))];
    const tags = [...new Set(shelf.flatMap((voice) => voice.tags ?? []))].sort((first, second) => first.localeCompare(second));
    fillOptions(byId('library-language'), [['', words.anyLanguage], ...codes.map((code) => [code, languageName(code)])]);
    fillOptions(byId('library-tag'), [['', words.anyTag], ...tags.map((tag) => [tag, tag])]);
  }

  #clearFilters() {
    this.#offerFilters();
    for (const id of ['library-search', 'library-language', 'library-tag']) byId(id).value = '';
    this.#show();
  }

  #matches(voice) {
    const wanted = fold(byId('library-search').value);
    const [langCode, tag] = [byId('library-language').value, byId('library-tag').value];
    const text = fold([voice.displayName, voice.description, voice.voiceId, ...(voice.tags ?? [])].join(' '));
    return text.includes(wanted) && (!langCode || voice.langCode === langCode) && (!tag || voice.tags?.includes(tag));
  }

  #show() {
    const shelf = this.#shelf;
    const shown = this.#state === 'ready' || shelf.length ? shelf.filter((voice) => this.#matches(voice)) : [];
    const focused = document.activeElement?.dataset?.focusKey;
    byId('voices').replaceChildren(...shown.map((voice) => this.#row(voice)));
    if (focused) byId('voices').querySelector(`[data-focus-key="${CSS.escape(focused)}"]`)?.focus();
    byId('library-count').textContent = shelf.length ? words.count(shown.length, shelf.length) : '';
    byId('library-state').replaceChildren(...this.#explain(shelf, shown));
  }

  #explain(shelf, shown) {
    if (this.#state === 'loading') {
      return [make('p', { class: 'unseen', role: 'status' }, words.loading), ...Array.from({ length: 3 }, () => make('div', { class: 'ghost', 'aria-hidden': 'true' }))];
    }
    if (this.#state === 'failed' && !shelf.length) {
      return [make('p', {}, words.failed), make('button', { type: 'button', class: 'quiet', onclick: () => this.load() }, icon('refresh'), strings.page.retry)];
    }
    if (shelf.length && !shown.length) {
      return [make('p', {}, words.noMatch), make('button', { type: 'button', class: 'link', onclick: () => this.#clearFilters() }, words.clear)];
    }
    if (!shelf.length && this.#source === 'own') {
      const toStock = () => {
        byId('library-whose').querySelector('[value="stock"]').click();
        byId('library-whose').querySelector('[value="stock"]').focus();
      };
      return [make('p', {}, make('strong', {}, words.emptyOwn)), make('p', { class: 'soft small' }, words.emptyOwnHint), make('button', { type: 'button', class: 'quiet', onclick: toStock }, words.showStock)];
    }
    return shelf.length ? [] : [make('p', {}, words.emptyStock)];
  }

  #row(voice) {
    const { voiceId } = voice;
    const name = voice.displayName || words.unnamed;
    const isOpen = this.#openId === voiceId;
    const isChosen = this.#chosenId === voiceId;
    const actionsId = `actions-${voiceId}`;
    const choose = make(
      'button',
      { type: 'button', class: 'voice-main', 'data-focus-key': `use-${voiceId}`, 'aria-current': isChosen && 'true', onclick: () => this.#emit('choose', voice) },
      face(voice),
      make('span', { class: 'voice-words' },
        make('span', { class: 'unseen' }, words.use('')), make('bdi', { class: 'voice-name' }, name),
        make('span', { class: 'voice-facts' }, languageName(voice.langCode), ...(voice.tags ?? []).map((tag) => make('bdi', { class: 'tag' }, tag)))),
    );
    const more = make(
      'button',
      { type: 'button', class: 'bare', 'data-focus-key': `more-${voiceId}`, 'aria-label': words.more(name), 'aria-expanded': String(isOpen), 'aria-controls': isOpen && actionsId, onclick: () => this.#toggle(voiceId) },
      icon('more'),
    );
    return make('li', { class: `voice${isChosen ? ' is-chosen' : ''}` }, make('div', { class: 'voice-row' }, choose, more), isOpen && this.#actions(voice, actionsId));
  }

  #actions(voice, id) {
    const { voiceId } = voice;
    const button = (symbol, text, run, extra = '') => make(
      'button',
      { type: 'button', class: `quiet small ${extra}`, 'data-focus-key': `${text}-${voiceId}`, onclick: run },
      icon(symbol),
      text,
    );
    const isOwn = voice.source !== 'SYSTEM';
    return make(
      'div',
      { class: 'voice-actions', id },
      voice.description && make('p', { class: 'soft small', dir: 'auto' }, voice.description),
      voice.consent && make('p', { class: 'soft small', dir: 'auto' }, consentOf(voice.consent)),
      make('code', { class: 'voice-id' }, voiceId),
      isOwn && button('edit', words.edit, () => this.#edit(voice)),
      button('copy', words.copyId, () => this.#copy('id', voiceId)),
      button('code', words.copyCurl, () => this.#copy('curl', curlOf(this.#api.base, voiceId))),
      button('code', words.copyPython, () => this.#copy('python', pythonOf(this.#api.base, voiceId))),
      isOwn && !voice.consent?.revokedAt && button('close', words.revoke, () => this.#revoke(voice), 'danger'),
      isOwn && button('trash', words.remove, () => this.#delete(voice), 'danger'),
    );
  }

  #toggle(voiceId) {
    this.#openId = this.#openId === voiceId ? '' : voiceId;
    this.#show();
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // --- copy ------------------------------------------------------------------------------------------------------

  async #copy(kind, text) {
    try {
      await navigator.clipboard.writeText(text);
      const note = kind === 'id' ? '' : ` ${words.keyNote}`;
      this.#notices.show(words.copied[kind] + note, { tone: 'good' });
    } catch {
      byId('copy-text').value = text;
      byId('copy-dialog').showModal();
      byId('copy-text').select();
    }
  }

  // --- edit ------------------------------------------------------------------------------------------------------

  #wireEditing() {
    byId('edit-cancel').addEventListener('click', () => byId('edit-dialog').close());
    byId('edit-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#save();
    });
  }

  #edit(voice) {
    this.#edited = voice;
    byId('edit-name').value = voice.displayName;
    byId('edit-description').value = voice.description ?? '';
    byId('edit-tags').value = (voice.tags ?? []).join(', ');
    byId('edit-error').textContent = '';
    byId('edit-dialog').showModal();
  }

  async #save() {
    const displayName = byId('edit-name').value.trim();
    if (!displayName) {
      byId('edit-error').textContent = strings.clone.missing.name;
      return byId('edit-name').focus();
    }
    const change = { displayName, description: byId('edit-description').value.trim(), tags: splitTags(byId('edit-tags').value) };
    try {
      const changed = await this.#api.updateVoice(this.#edited.voiceId, change);
      Object.assign(this.#edited, changed);
      byId('edit-dialog').close();
      this.#offerFilters();
      this.#show();
      this.#emit('change', this.#edited);
      this.#notices.show(strings.edit.saved(displayName), { tone: 'good' });
    } catch (error) {
      byId('edit-error').textContent = error.message;
    }
  }

  // --- revoke ----------------------------------------------------------------------------------------------------

  async #revoke(voice) {
    if (!globalThis.confirm(words.revokeSure(voice.displayName))) return;
    try {
      this.update(await this.#api.revokeConsent(voice.voiceId));
      this.#notices.show(words.revoked, { tone: 'good' });
    } catch (error) {
      this.#notices.show(error.message, { tone: 'poor' });
    }
  }

  // --- delete ----------------------------------------------------------------------------------------------------

  /** Gone from the list at once, from the server when the time to think better of it is over. */
  #delete(voice) {
    const { voiceId, displayName } = voice;
    this.#leaving.set(voiceId, voice);
    this.#openId = '';
    this.#offerFilters();
    this.#show();
    this.#emit('gone', voice);
    byId('library-title').focus(); // the button that had the focus is gone
    this.#notices.show(words.deleted(displayName), {
      seconds: UNDO_SECONDS,
      action: { text: strings.page.undo, run: () => this.#restore(voice, words.restored(displayName)) },
      onGone: () => this.#deleteNow(voice),
    });
  }

  #restore(voice, text, tone = 'good') {
    this.#leaving.delete(voice.voiceId);
    this.#offerFilters();
    this.#show();
    this.#notices.show(text, { tone });
  }

  async #deleteNow(voice) {
    try {
      await this.#api.deleteVoice(voice.voiceId);
      this.#forget(voice);
    } catch (error) {
      if (error.status === 404) return this.#forget(voice);
      this.#restore(voice, `${words.deleteFailed(voice.displayName)} ${error.message}`, 'poor');
      this.#onTrouble(error, { isQuiet: true });
    }
  }

  #forget(voice) {
    this.#leaving.delete(voice.voiceId);
    this.#voices = this.#voices.filter(({ voiceId }) => voiceId !== voice.voiceId);
    this.#show();
  }

  #deleteWaiting() {
    for (const voiceId of this.#leaving.keys()) this.#api.deleteVoice(voiceId, { keepalive: true }).catch(() => {});
  }
}

function consentOf({ givenBy, purpose, revokedAt }) {
  return revokedAt ? words.revoked : words.consent(givenBy, purpose);
}

function languageName(code) {
  return findLanguage(code)?.name ?? code;
}

/** Case and accents do not matter when people search. */
function fold(text) {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().trim();
}

/** A small portrait: the first letter, in a colour of its own. */
function face(voice) {
  const [letter = '?'] = voice.displayName.trim().toUpperCase();
  const element = make('span', { class: 'face', 'aria-hidden': 'true' }, letter);
  let hash = 7;
  for (const character of voice.voiceId) hash = (hash * 31 + character.codePointAt(0)) % 360;
  element.style.setProperty('--hue', String(hash));
  return element;
}
