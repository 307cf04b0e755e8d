/** Step 3: type, hear it streamed, see the words light up. */

import { byId, fillOptions, make, relabel } from './dom.js';
import { LANGUAGES, findLanguage } from './scripts.js';
import { StreamPlayer } from './stream-player.js';
import { strings } from './strings.js';

const words = strings.speak;
const RATE_HZ = 24000;
const LIKENESS_BOUNDS = [0.25, 0.45, 0.6, 0.8]; // between the words of `strings.speak.likenessWords`
const CLARITY_BOUNDS = [0.75, 0.85]; // the same of `clarityWords`; below the first the server advises to record again

/** A voice with what the page knows of it. @typedef {{voice: object, reference: object|null, transcript: string}} Speaker */

/** Emits `spoken` with `{buffer, request}` when a text was spoken to its end. */
export class SpeakPanel extends EventTarget {
  #api;
  #sound;
  #notices;
  #connection;
  #onKeyTrouble;
  #pronunciations;
  #onDictionaryGone;
  /** @type {Speaker|null} */
  #speaker = null;
  #player = null;
  #abort = null;
  #tokens = [];
  #frame = 0;

  constructor({ api, sound, notices, connection, onKeyTrouble, onRecord, pronunciations, onDictionaryGone }) {
    super();
    this.#api = api;
    this.#sound = sound;
    this.#notices = notices;
    this.#connection = connection;
    this.#onKeyTrouble = onKeyTrouble;
    this.#pronunciations = pronunciations;
    this.#onDictionaryGone = onDictionaryGone;
    fillOptions(byId('speak-language'), [['', words.languageOfVoice], ...LANGUAGES.map(({ code, name }) => [code, name])]);
    byId('speak-to-record').addEventListener('click', onRecord);
    byId('speak-go').addEventListener('click', () => (this.#player || this.#abort ? this.stop() : this.speak()));
    byId('text').addEventListener('input', () => this.#showText());
    byId('text').addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.speak();
    });
    byId('spoken').addEventListener('click', () => this.#editText());
    byId('pace').addEventListener('input', () => this.#showPace());
    this.#showButton();
    this.#showPace();
    this.#showVoice();
  }

  get speaker() {
    return this.#speaker;
  }

  /** What is asked of the API to speak the text that stands there. */
  get request() {
    return {
      voiceId: this.#speaker.voice.voiceId,
      text: byId('text').value.trim(),
      ...(byId('speak-language').value && { language: byId('speak-language').value }),
      speakingRate: Number(byId('pace').value),
      ...this.#pronunciations(),
    };
  }

  /** @param {Speaker|null} speaker */
  setSpeaker(speaker) {
    this.stop();
    this.#speaker = speaker;
    this.#editText(false);
    this.#showVoice();
    this.#tell('');
    byId('speak-status').textContent = '';
  }

  /** The voice that speaks was edited or got better; what is being said goes on. */
  update(voice) {
    Object.assign(this.#speaker.voice, voice);
    byId('speak-title').replaceChildren(isolate(words.title, voice.displayName));
    this.#showHeard(this.#speaker.voice);
  }

  /** Offer only languages that the engine speaks. @param {string[]} codes */
  offerLanguages(codes) {
    const spoken = LANGUAGES.filter(({ code }) => codes.includes(code));
    fillOptions(byId('speak-language'), [['', words.languageOfVoice], ...spoken.map(({ code, name }) => [code, name])]);
  }

  async speak() {
    if (!this.#speaker) return;
    this.stop();
    this.#tell('');
    if (!byId('text').value.trim()) {
      byId('text').focus();
      return void this.#tell(words.noText);
    }
    const abort = new AbortController();
    this.#abort = abort;
    const { request } = this;
    this.#showSpoken();
    this.#showButton();
    byId('speak-status').textContent = words.waiting;
    const context = await this.#sound.open();
    const player = new StreamPlayer(context, RATE_HZ);
    const began = performance.now();
    let firstMs = 0;
    try {
      const options = { ...request, audioConfig: { audioEncoding: 'PCM', sampleRateHertz: RATE_HZ, speakingRate: request.speakingRate }, timestampType: 'WORD' };
      delete options.speakingRate;
      for await (const { audio, words: spokenWords } of this.#api.streamSpeech(options, { signal: abort.signal })) {
        if (!firstMs) {
          firstMs = performance.now() - began;
          this.#player = player;
          this.#follow(player);
          byId('speak-status').textContent = words.speaking;
        }
        player.push(audio);
        this.#mark(spokenWords);
      }
      player.addEventListener('change', () => player.isOver && this.#end(player, request, firstMs));
      player.finish();
    } catch (error) {
      this.#fail(error, player, Boolean(firstMs));
      if (error.status === 404 && request.pronunciationDictionarySettings) this.#onDictionaryGone();
    } finally {
      if (this.#abort === abort) this.#abort = null;
      this.#showButton();
    }
  }

  stop() {
    if (!this.#player && !this.#abort) return;
    this.#abort?.abort();
    this.#abort = null;
    this.#player?.stop();
    this.#player = null;
    byId('speak-status').textContent = words.stopped;
    this.#editText();
    this.#showButton();
  }

  // --- the voice -------------------------------------------------------------------------------------------------

  #showVoice() {
    const voice = this.#speaker?.voice;
    byId('speak-title').replaceChildren(voice ? isolate(words.title, voice.displayName) : words.titleEmpty);
    byId('speak-empty').hidden = Boolean(voice);
    byId('speak-desk').hidden = !voice;
    if (!voice) return;
    this.#showHeard(voice);
    this.#showIdeas(voice);
    this.#showText();
  }

  /** What was heard of the voice, as far as it has been listened to. */
  #showHeard({ similarity, clarity, warnings, refinement, refinementStage, source }) {
    const advice = warnings?.[0]?.text;
    const isPending = refinement === 'pending';
    const isClone = source === 'IVC';
    byId('likeness').hidden = !isClone;
    showMeter('likeness', similarity, words.likeness, words.likenessWords, LIKENESS_BOUNDS);
    if (typeof similarity !== 'number' && isPending && refinementStage !== 'refining') byId('likeness-word').textContent = words.listening;
    byId('likeness-refining').hidden = !isPending;
    byId('clarity').hidden = !isClone || typeof clarity !== 'number';
    showMeter('clarity', clarity, words.clarity, words.clarityWords, CLARITY_BOUNDS);
    byId('clarity-advice').hidden = !advice;
    byId('clarity-advice').textContent = advice ?? '';
  }

  #showIdeas(voice) {
    const language = findLanguage(voice.langCode) ?? LANGUAGES[0];
    const ideas = [...language.ideas, ...(language.code === 'EN_US' ? [] : LANGUAGES[0].ideas.slice(0, 1))];
    const own = this.#speaker.transcript;
    const chip = (label, text, lang) => make(
      'button',
      { type: 'button', class: 'idea', dir: 'auto', lang, onclick: () => this.#useText(text) },
      label,
    );
    byId('ideas').replaceChildren(
      ...(own ? [chip(words.ownWords, own, 'en')] : []),
      ...ideas.map((text) => chip(text, text, findLanguageOfIdea(text, language))),
    );
    if (!byId('text').value) byId('text').value = ideas[0];
  }

  #useText(text) {
    this.stop();
    this.#editText(false);
    byId('text').value = text;
    this.#showText();
    byId('text').focus();
  }

  // --- the text --------------------------------------------------------------------------------------------------

  #showText() {
    const { value, maxLength } = byId('text');
    byId('text-left').textContent = maxLength - value.length < 500 ? words.left(maxLength - value.length) : '';
  }

  #showPace() {
    const rate = Number(byId('pace').value);
    byId('pace-value').textContent = `${rate.toFixed(2).replace(/0$/, '')}×`;
    byId('pace').setAttribute('aria-valuetext', words.paceText(rate));
  }

  /** Show the text with a place for each word, in place of the field. */
  #showSpoken() {
    this.#tokens = [];
    byId('spoken').textContent = byId('text').value.trim();
    byId('spoken').hidden = false;
    byId('text').hidden = true;
  }

  #editText(focuses = false) {
    byId('spoken').hidden = true;
    byId('text').hidden = false;
    if (focuses) byId('text').focus();
  }

  /** Find new words in the text and give each an element that can light up. */
  #mark(spokenWords) {
    const spoken = byId('spoken');
    for (const { text, startS, endS } of spokenWords) {
      const rest = spoken.lastChild;
      const at = rest?.nodeType === Node.TEXT_NODE && text.trim() ? rest.data.indexOf(text) : -1;
      if (at < 0) continue;
      const found = rest.splitText(at);
      const after = found.splitText(text.length);
      const element = make('span', { class: 'word' }, text);
      found.replaceWith(element);
      if (!after.data) after.remove();
      this.#tokens.push({ element, startS, endS });
    }
  }

  #follow(player) {
    cancelAnimationFrame(this.#frame);
    const step = () => {
      if (this.#player !== player) return;
      const at = player.positionS;
      for (const { element, startS, endS } of this.#tokens) {
        element.classList.toggle('is-now', startS <= at && at < endS);
        element.classList.toggle('is-past', endS <= at);
      }
      this.#frame = requestAnimationFrame(step);
    };
    step();
  }

  // --- ends ------------------------------------------------------------------------------------------------------

  #end(player, request, firstMs) {
    if (this.#player !== player) return;
    this.#player = null;
    this.#tokens.forEach(({ element }) => element.classList.remove('is-now'));
    byId('speak-status').textContent = words.spoken(player.durationS, firstMs);
    this.#editText();
    this.#showButton();
    this.dispatchEvent(new CustomEvent('spoken', { detail: { buffer: player.toBuffer(), request } }));
  }

  #fail(error, player, hasBegun) {
    if (error.name === 'AbortError') return;
    player.stop();
    this.#player = null;
    this.#editText();
    byId('speak-status').textContent = '';
    this.#tell(hasBegun ? `${words.broken} ${error.message}` : error.message);
    if (error.isUnreachable) this.#connection.reportLost();
    if (error.isAboutTheKey) this.#onKeyTrouble(error);
  }

  #showButton() {
    const isBusy = Boolean(this.#player || this.#abort);
    relabel(byId('speak-go'), isBusy ? 'stop' : 'play', isBusy ? words.stop : words.go);
  }

  #tell(text) {
    byId('speak-trouble').hidden = !text;
    byId('speak-trouble').textContent = text;
  }
}

/** A share of 1 as a bar and in words. @param {number|undefined} share undefined if not known */
function showMeter(name, share, label, grades, bounds) {
  const isKnown = typeof share === 'number';
  const bar = byId(`${name}-bar`);
  bar.hidden = !isKnown;
  bar.style.setProperty('--share', String(isKnown ? share : 0));
  const word = isKnown ? grades[bounds.filter((bound) => share >= bound).length] : words.unmeasured;
  byId(`${name}-word`).textContent = isKnown ? `${word} (${words.ofHundred(share)})` : word;
  bar.setAttribute('aria-valuenow', String(Math.round((share ?? 0) * 100)));
  bar.setAttribute('aria-valuetext', word);
  bar.setAttribute('aria-label', label);
}

/** A sentence around a name that may run in another direction. */
function isolate(sentence, name) {
  const [before, after] = sentence('\0').split('\0');
  const fragment = new DocumentFragment();
  fragment.append(before, make('bdi', {}, name), after);
  return fragment;
}

function findLanguageOfIdea(text, language) {
  return language.ideas.includes(text) ? language.tag : 'en';
}
