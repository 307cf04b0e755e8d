/** Step 1: a text to read, the record button, level, clipping light. */

import { byId, fillOptions } from './dom.js';
import { drawTrace } from './picture.js';
import { MicrophoneUnavailable, listMicrophones } from './recorder.js';
import { LANGUAGES } from './scripts.js';
import { clock, strings } from './strings.js';

const ENOUGH_S = 12;
const LONGEST_S = 60;
const CLIPPING_PEAK = 0.985;
const CLIPPING_LAMP_MS = 1500;
const SILENT_AFTER_S = 2;
const SILENT_DB = -58;
const SHORTEST_S = 0.3;

const words = strings.record;

export class RecordPanel extends EventTarget {
  #recorder;
  #notices;
  #peaks = [];
  #levelDb = -60;
  #level = '';
  #silentSince = 0;
  #clippedAt = -Infinity;
  #hasToldEnough = false;
  #scriptNumber = 0;
  #isStarting = false;
  /** Is there more than one microphone? */
  #hasChoice = false;

  /** Emits `take` with `{blob, durationS, langCode, transcript}`. */
  constructor({ recorder, notices }) {
    super();
    this.#recorder = recorder;
    this.#notices = notices;
    fillOptions(byId('script-language'), LANGUAGES.map(({ code, name }) => [code, name]));
    byId('script-language').value = preferredLanguage();
    byId('script-language').addEventListener('change', () => this.#showScript(0));
    byId('script-another').addEventListener('click', () => this.#showScript(this.#scriptNumber + 1));
    byId('record').addEventListener('click', () => (recorder.isRunning ? this.#finish() : this.#start()));
    byId('record-cancel').addEventListener('click', () => this.#discard());
    recorder.addEventListener('piece', ({ detail }) => this.#follow(detail));
    globalThis.addEventListener('beforeunload', (event) => recorder.isRunning && event.preventDefault());
    this.#showScript(0);
    this.#showState();
    this.#offerMicrophones();
  }

  get langCode() {
    return byId('script-language').value;
  }

  get #language() {
    return LANGUAGES.find(({ code }) => code === this.langCode);
  }

  #showScript(number) {
    const { scripts, tag } = this.#language;
    this.#scriptNumber = number % scripts.length;
    const script = byId('script');
    script.lang = tag;
    script.textContent = scripts[this.#scriptNumber];
  }

  async #start() {
    if (this.#isStarting) return;
    this.#isStarting = true;
    this.#peaks = [];
    this.#hasToldEnough = false;
    this.#silentSince = 0;
    this.#hint(words.asking);
    try {
      await this.#recorder.start(byId('microphone').value);
    } catch (error) {
      if (!(error instanceof MicrophoneUnavailable)) throw error;
      this.#showState();
      this.#hint(words[error.reason], true);
      this.#notices.sayNow(words[error.reason]);
      return;
    } finally {
      this.#isStarting = false;
    }
    this.#showState();
    this.#notices.say(words.recording);
    this.#offerMicrophones();
  }

  async #finish() {
    const { wav, durationS } = await this.#recorder.stop();
    this.#showState();
    if (durationS < SHORTEST_S) return;
    this.#notices.say(words.kept(durationS));
    const detail = { blob: wav, durationS, langCode: this.langCode, transcript: '' };
    this.dispatchEvent(new CustomEvent('take', { detail }));
  }

  async #discard() {
    await this.#recorder.discard();
    this.#showState();
    this.#notices.say(words.discarded);
    byId('record').focus();
  }

  #showState() {
    const isRunning = this.#recorder.isRunning;
    const button = byId('record');
    button.setAttribute('aria-label', isRunning ? words.stop : words.start);
    byId('booth').classList.toggle('is-recording', isRunning);
    byId('level').hidden = !isRunning;
    byId('microphone-field').hidden = isRunning || !this.#hasChoice;
    byId('record-time').textContent = '0:00';
    byId('script-language').disabled = isRunning;
    button.style.setProperty('--share', '0');
    this.#hint(isRunning ? words.keepGoing(ENOUGH_S) : words.idleHint);
    this.#showClipping(false);
    if (!isRunning) drawTrace(byId('trace'), []);
  }

  /** A piece of the running recording came in. */
  #follow({ peak }) {
    const durationS = this.#recorder.durationS;
    this.#peaks.push(peak);
    drawTrace(byId('trace'), this.#peaks);
    byId('record-time').textContent = clock(durationS);
    byId('record').style.setProperty('--share', String(Math.min(1, durationS / ENOUGH_S)));
    this.#followLevel(peak, durationS);
    this.#followLength(durationS);
  }

  #followLevel(peak, durationS) {
    const peakDb = 20 * Math.log10(Math.max(peak, 1e-3));
    this.#levelDb = Math.max(peakDb, this.#levelDb - 1.2);
    const bar = byId('level-bar');
    bar.style.setProperty('--level', String(Math.max(0, (this.#levelDb + 60) / 60)));
    if (peak >= CLIPPING_PEAK) this.#clippedAt = performance.now();
    const isClipping = performance.now() - this.#clippedAt < CLIPPING_LAMP_MS;
    this.#showClipping(isClipping);
    if (peakDb > SILENT_DB) this.#silentSince = durationS;
    const isSilent = durationS - this.#silentSince > SILENT_AFTER_S;
    const level = isSilent ? 'silent' : isClipping || this.#levelDb > -1.5 ? 'loud' : this.#levelDb < -26 ? 'quiet' : 'good';
    bar.setAttribute('aria-valuenow', String(Math.round(this.#levelDb)));
    bar.setAttribute('aria-valuetext', words.levels[level]);
    if (level === this.#level) return;
    this.#level = level;
    byId('level').dataset.level = level;
    byId('level-word').textContent = words.levels[level];
    if (level === 'silent') this.#notices.say(words.silentAdvice);
    if (isClipping) this.#notices.say(words.clippingAdvice);
  }

  #followLength(durationS) {
    const left = Math.ceil(ENOUGH_S - durationS);
    if (this.#level === 'silent') this.#hint(words.silentAdvice, true);
    else if (performance.now() - this.#clippedAt < CLIPPING_LAMP_MS) this.#hint(words.clippingAdvice, true);
    else this.#hint(left > 0 ? words.keepGoing(left) : words.enough);
    if (left <= 0 && !this.#hasToldEnough) {
      this.#hasToldEnough = true;
      this.#notices.say(words.enough);
    }
    if (durationS >= LONGEST_S && this.#recorder.isRunning) {
      this.#notices.show(words.longest);
      this.#finish();
    }
  }

  #showClipping(isClipping) {
    byId('lamp').classList.toggle('is-on', isClipping);
    byId('lamp-word').textContent = words.clippingLamp(isClipping);
  }

  #hint(text, isTrouble = false) {
    const hint = byId('record-hint');
    if (hint.textContent !== text) hint.textContent = text;
    hint.classList.toggle('is-trouble', isTrouble);
  }

  async #offerMicrophones() {
    const microphones = await listMicrophones();
    fillOptions(byId('microphone'), [['', words.defaultMicrophone], ...microphones.map(({ deviceId, label }) => [deviceId, label])]);
    this.#hasChoice = microphones.length > 1;
    byId('microphone-field').hidden = this.#recorder.isRunning || !this.#hasChoice;
  }
}

function preferredLanguage() {
  const families = navigator.languages.map((tag) => tag.split('-')[0].toLowerCase());
  const family = families.find((wanted) => LANGUAGES.some(({ code }) => code.toLowerCase().startsWith(`${wanted}_`)));
  return LANGUAGES.find(({ code }) => code.toLowerCase().startsWith(`${family}_`))?.code ?? 'EN_US';
}
