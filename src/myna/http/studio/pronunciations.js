/** Words that are said in a way of one's own: a pronunciation dictionary, shown, added to and heard. */

import { byId, fillOptions, icon, make } from './dom.js';
import { LANGUAGES } from './scripts.js';
import { decode } from './sound.js';
import { strings } from './strings.js';

const words = strings.pronunciations;
const MODEL_ID = 'inworld-tts-2'; // of those that use dictionaries
const SOUND = { audioEncoding: 'WAV', sampleRateHertz: 24000 };

export class Pronunciations {
  #api;
  #sound;
  #notices;
  #speaker;
  #onTrouble;
  #dictionaries = [];
  #hasLoaded = false;
  #numLoads = 0;
  /** @type {string|null} the dictionary that the person chose, '' for none; null: nobody chose */
  #choice = null;
  #playing = null;

  /** @param {{speaker: () => object|null, onTrouble: (error, options) => void}} options who lets them be heard */
  constructor({ api, sound, notices, speaker, onTrouble }) {
    this.#api = api;
    this.#sound = sound;
    this.#notices = notices;
    this.#speaker = speaker;
    this.#onTrouble = onTrouble;
    this.offerLanguages(LANGUAGES.map(({ code }) => code));
    byId('words-which').addEventListener('change', (event) => {
      this.#choice = event.target.value;
      this.#show();
    });
    byId('words-hear').addEventListener('click', () => this.#hearTyped());
    byId('words-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#add();
    });
    this.#setAll([]);
  }

  /** What a request needs so that these words are said this way; nothing if there are none. */
  get request() {
    const chosen = this.#chosen;
    if (!chosen?.pronunciations.length) return {};
    return { modelId: MODEL_ID, pronunciationDictionarySettings: { dictionaries: [{ dictionary: chosen.name }] } };
  }

  /** Why they cannot be fetched is told by the library, which asks for the voices at the same time. */
  async load() {
    await this.#fetchAll().catch(() => {});
  }

  /** No key, or another: nothing to show. */
  clear() {
    this.#numLoads += 1;
    this.#hasLoaded = false;
    this.#choice = null;
    this.#setAll([]);
  }

  /** @param {string[]} codes of languages that the engine speaks */
  offerLanguages(codes) {
    const spoken = LANGUAGES.filter(({ code }) => codes.includes(code));
    fillOptions(byId('words-language'), spoken.map(({ code, name }) => [toTag(code), name]));
  }

  get #chosen() {
    return this.#dictionaries.find(({ name }) => name === byId('words-which').value) ?? null;
  }

  /** The one that a studio made. */
  get #own() {
    return this.#dictionaries.find(({ displayName }) => displayName === words.newName) ?? null;
  }

  /** What fails leaves the list as it was; what comes after a newer question, perhaps with another key, is not taken. */
  async #fetchAll() {
    const number = (this.#numLoads += 1);
    this.#hasLoaded = false;
    const found = await this.#api.listDictionaries();
    if (number !== this.#numLoads) return;
    this.#hasLoaded = true;
    this.#setAll(found);
  }

  // --- what is shown ---------------------------------------------------------------------------------------------

  #setAll(dictionaries) {
    this.#dictionaries = dictionaries;
    const options = dictionaries.map(({ name, displayName }) => [name, displayName]);
    fillOptions(byId('words-which'), [['', words.none], ...options]);
    const wanted = this.#choice ?? this.#own?.name;
    byId('words-which').value = dictionaries.some(({ name }) => name === wanted) ? wanted : '';
    this.#show();
  }

  #show() {
    const entries = this.#chosen?.pronunciations ?? [];
    byId('words-list').replaceChildren(...entries.map((entry) => this.#row(entry)));
  }

  #row(entry) {
    const word = entry.displayHeadword;
    const language = new Intl.DisplayNames('en', { type: 'language' }).of(entry.languageCode.split('-')[0]);
    const button = (name, label, act, ...kinds) => make(
      'button',
      { type: 'button', class: ['bare', ...kinds].join(' '), 'aria-label': label, title: label, onclick: act },
      icon(name),
    );
    return make(
      'li',
      {},
      make('bdi', { class: 'words-word' }, word),
      make('span', { class: 'words-sound' }, `/${entry.phoneSymbols.join('')}/`),
      make('span', { class: 'soft small' }, language),
      button('play', words.hear(word), () => this.#hear(entry.phoneSymbols.join(''), entry.languageCode)),
      button('trash', words.remove(word), () => this.#remove(entry)),
    );
  }

  #tell(text, field = null) {
    byId('words-error').textContent = text;
    for (const id of ['words-word', 'words-ipa']) byId(id).toggleAttribute('aria-invalid', false);
    field?.setAttribute('aria-invalid', 'true');
    field?.focus();
  }

  // --- hearing ---------------------------------------------------------------------------------------------------

  #hearTyped() {
    const phones = splitPhones(byId('words-ipa').value);
    if (!phones.length) return this.#tell(words.noSound, byId('words-ipa'));
    this.#tell('');
    return this.#hear(phones.join(''), byId('words-language').value);
  }

  async #hear(ipa, language) {
    this.#playing?.stop();
    try {
      const context = await this.#sound.open();
      const request = { voiceId: this.#speaker().voice.voiceId, text: `/${ipa}/`, language, audioConfig: SOUND };
      const source = context.createBufferSource();
      source.buffer = await decode(await this.#api.synthesize(request));
      source.connect(context.destination);
      source.start();
      this.#playing = source;
    } catch (error) {
      this.#fail(error);
    }
  }

  // --- changes ---------------------------------------------------------------------------------------------------

  async #add() {
    const [word, ipa] = [byId('words-word'), byId('words-ipa')];
    const entry = {
      displayHeadword: word.value.trim(),
      languageCode: byId('words-language').value,
      phoneSymbols: splitPhones(ipa.value),
    };
    if (!entry.displayHeadword) return this.#tell(words.noWord, word);
    if (!entry.phoneSymbols.length) return this.#tell(words.noSound, ipa);
    const isSame = (other) => other.languageCode === entry.languageCode
      && other.displayHeadword.toLowerCase() === entry.displayHeadword.toLowerCase();
    const add = (entries) => [...entries.filter((other) => !isSame(other)), entry];
    if (!(await this.#save(add, entry.phoneSymbols))) return undefined;
    this.#notices.say(words.added(entry.displayHeadword));
    word.value = '';
    ipa.value = '';
    return word.focus();
  }

  async #remove(entry) {
    const id = ({ displayHeadword, languageCode }) => `${languageCode} ${displayHeadword}`;
    if (!(await this.#save((entries) => entries.filter((other) => id(other) !== id(entry))))) return;
    this.#notices.say(words.removed(entry.displayHeadword));
    (byId('words-list').querySelector('button') ?? byId('words-word')).focus();
  }

  /**
   * Change the entries of the chosen dictionary, without one of the studio's own; the server has the last word.
   * @returns {Promise<boolean>} whether it took them
   */
  async #save(change, phones) {
    this.#tell('');
    try {
      if (!this.#hasLoaded) await this.#fetchAll();
      if (!this.#hasLoaded) return this.#save(change, phones); // another load came in between
      const number = this.#numLoads;
      const kept = this.#chosen ?? this.#own;
      const pronunciations = change(kept?.pronunciations ?? []);
      const saved = kept
        ? await this.#api.updateDictionary(kept, { pronunciations })
        : await this.#api.createDictionary({ displayName: words.newName, pronunciations });
      if (number !== this.#numLoads) {
        await this.load();
        return true;
      }
      if (this.#choice !== null) this.#choice = saved.name;
      this.#setAll(kept ? this.#dictionaries.map((each) => (each === kept ? saved : each)) : [...this.#dictionaries, saved]);
      return true;
    } catch (error) {
      // Somebody else changed or deleted it: show what there is now.
      const isOutrun = error.status === 404 || error.status === 409;
      if (isOutrun) await this.load();
      if (isOutrun) this.#tell(words.changed);
      else this.#fail(error, phones);
      return false;
    }
  }

  #fail(error, phones = []) {
    const at = /phone_symbols\[(\d+)\]/.exec(error.message);
    if (at) this.#tell(words.badPhone(phones[at[1]]), byId('words-ipa'));
    else if (error.message.includes('display_headword')) this.#tell(words.badWord, byId('words-word'));
    else if (error.isUnreachable || error.isAboutTheKey) this.#onTrouble(error);
    else this.#tell(error.message);
  }
}

/** `EN_US` as dictionaries want it: `en-US`. */
function toTag(code) {
  const [language, region] = code.split('_');
  return `${language.toLowerCase()}-${region}`;
}

/** IPA as people write it, cut into one sound or stress mark each. @returns {string[]} */
export function splitPhones(text) {
  const plain = text.normalize('NFD').replace(/[/[\]\s.]/g, '');
  // A sign, then its marks, then what a tie bar joins to it.
  const phones = plain.match(/[ˈˌ'’]|.(?:(?![ˈˌ])[\p{M}\p{Lm}:]|(?<=[\u035C\u0361]).)*/gu) ?? [];
  return phones.map((phone) => phone.normalize('NFC'));
}
