/** Step 2: see and hear what the server heard in the chosen recording. */

import { byId, make, relabel } from './dom.js';
import { medianPitch } from './dsp.js';
import { showAdvice, showPins } from './findings.js';
import { drawPitch, drawSpectrogram, drawWaveform, paintSpectrogram } from './picture.js';
import { showQuality } from './quality.js';
import { findLanguage } from './scripts.js';
import { SyncedPlayer, decode } from './sound.js';
import { clock, strings } from './strings.js';
import { stateOf } from './take-list.js';

const words = strings.listen;
const LONGEST_PICTURE_S = 600;
const LEADS = {
  good: words.leadGood,
  fair: words.leadFair,
  poor: words.leadPoor,
  refused: words.leadRefused,
  unreachable: words.leadUnreachable,
  failed: words.leadFailed,
};

/** @typedef {{buffer: AudioBuffer, startS: number, measured: object|null}} Version of a recording, on its time line */

export class ListenPanel {
  #takes;
  #hearing;
  #notices;
  #measurer;
  #player;
  /** @type {Map<string, Version>} `original`, `prepared`, `cleaned` */
  #versions = new Map();
  #shownKey = '';
  #frame = 0;
  #turn = 0;

  constructor({ takes, hearing, notices, sound, measurer }) {
    this.#takes = takes;
    this.#hearing = hearing;
    this.#notices = notices;
    this.#measurer = measurer;
    this.#player = new SyncedPlayer(sound);
    this.#player.addEventListener('change', () => this.#showPlayer());
    takes.addEventListener('change', () => this.#show());
    hearing.addEventListener('progress', ({ detail }) => this.#showProgress(detail));
    this.#wire();
    this.#show();
  }

  /** Should the clone be made without background noise? */
  get removesNoise() {
    return byId('clean').checked;
  }

  /** Stop the sound: another panel is shown. */
  rest() {
    if (this.#player.isPlaying) this.#player.pause();
  }

  /** The canvases were hidden or the colours changed. */
  redraw() {
    if (this.#versions.size && byId('lane-wave').clientWidth) this.#draw();
  }

  #wire() {
    byId('take-play').addEventListener('click', () => (this.#player.isPlaying ? this.#player.pause() : this.#player.play()));
    byId('hear-choice').addEventListener('change', () => this.#hearChosen());
    byId('clean').addEventListener('change', () => this.#toggleClean());
    byId('view-choice').addEventListener('change', () => this.#draw());
    byId('scrub').addEventListener('input', ({ target }) => this.#player.seek(Number(target.value)));
    byId('hearing-cancel').addEventListener('click', () => this.#hearing.cancel(this.#takes.chosen));
    byId('transcript').addEventListener('change', ({ target }) => this.#takes.change(this.#takes.chosen, { transcript: target.value.trim() }));
    byId('lanes').addEventListener('pointerdown', (event) => this.#seekByPointer(event));
    new ResizeObserver(() => this.redraw()).observe(byId('lanes'));
  }

  // --- what is shown ---------------------------------------------------------------------------------------------

  #show() {
    const take = this.#takes.chosen;
    const state = take ? stateOf(take) : 'waiting';
    const isBusy = state === 'waiting' || state === 'listening';
    byId('listen-lead').textContent = isBusy ? words.leadWaiting : LEADS[state];
    byId('hearing').hidden = !take || !this.#hearing.isRunning(take);
    this.#showTrouble(take);
    const key = take ? `${take.id} ${take.state} ${take.plain ? 'plain' : ''} ${take.cleaned ? 'cleaned' : ''}` : '';
    if (key === this.#shownKey) return;
    const isOther = !key || !this.#shownKey.startsWith(take.id);
    this.#shownKey = key;
    this.#showHeard(take?.plain ?? null, take);
    this.#load(take, isOther);
  }

  #showTrouble(take) {
    const trouble = byId('take-trouble');
    const hasTrouble = Boolean(take?.problem);
    if (hasTrouble && trouble.dataset.problem === take.problem && !trouble.hidden) return;
    trouble.hidden = !hasTrouble;
    trouble.dataset.problem = take?.problem ?? '';
    if (!hasTrouble) return;
    const retry = make('button', { type: 'button', class: 'quiet', onclick: () => this.#hearing.hear(take) }, strings.page.retry);
    // A file that is no recording stays none; a lost server has its own button at the top.
    trouble.replaceChildren(make('p', {}, take.problem), ...(take.state === 'failed' ? [retry] : []));
    trouble.classList.toggle('trouble-mild', take.state === 'unreachable');
    this.#notices.sayNow(take.problem);
  }

  #showProgress({ take, share }) {
    if (take !== this.#takes.chosen) return;
    const bar = byId('hearing-progress');
    byId('hearing').hidden = false;
    if (share < 1) bar.value = share;
    else bar.removeAttribute('value');
    const listening = take.plain ? words.progressClean : words.progressListen;
    byId('hearing-word').textContent = share < 1 ? words.progressUpload(share * 100) : listening;
  }

  #showHeard(heard, take) {
    byId('take-view').classList.toggle('is-unheard', !heard);
    showAdvice(heard?.findings ?? [], (startS) => this.#playFrom(startS));
    byId('no-findings').hidden ||= !heard;
    const language = findLanguage(heard?.langCode);
    byId('heard-language').textContent = heard ? (language?.name ?? words.languageUnknown) : '';
    byId('transcript').value = take?.transcript || heard?.transcript || '';
    byId('transcript').lang = language?.tag ?? '';
    byId('transcript').placeholder = heard ? words.nothingHeard : '';
    showQuality(heard?.figures ?? []);
    if (heard && !byId('panel-listen').hidden) this.#notices.say(byId('listen-lead').textContent);
  }

  // --- versions --------------------------------------------------------------------------------------------------

  async #load(take, isOther) {
    const turn = (this.#turn += 1);
    if (isOther) {
      this.#versions = new Map();
      byId('clean').checked = this.removesNoise && Boolean(take);
      byId('picture').hidden = true;
      this.#player.clear();
    }
    if (!take) return;
    const startS = take.plain?.window?.startS ?? 0;
    await this.#loadVersion('original', () => take.blob.arrayBuffer(), 0, turn);
    await this.#loadVersion('prepared', () => take.plain?.wav, startS, turn);
    await this.#loadVersion('cleaned', () => take.cleaned?.wav, take.cleaned?.window?.startS ?? startS, turn);
    if (turn !== this.#turn) return;
    byId('picture').hidden = this.#versions.size === 0;
    byId('hear-choice').hidden = !(this.#versions.has('original') && this.#versions.has('prepared'));
    byId('clean').disabled = !take.plain?.isUsable;
    if (!this.#versions.has('original')) this.#choose('prepared');
    else if (isOther) this.#choose('original');
    this.#player.setTracks(this.#versions);
    this.#showHint(take);
    this.#hearChosen();
    if (this.removesNoise && take.plain?.isUsable && !take.cleaned) this.#toggleClean();
  }

  #showHint(take) {
    const wasSkipped = this.removesNoise && take?.cleaned && !take.cleaned.noiseRemoved;
    const isUnplayable = this.#versions.has('prepared') && !this.#versions.has('original');
    byId('clean-hint').textContent = wasSkipped ? words.cleanSkipped : isUnplayable ? words.noPicture : words.cleanHint;
  }

  async #loadVersion(name, fetchBytes, startS, turn) {
    if (this.#versions.has(name)) return;
    const bytes = await fetchBytes();
    if (!bytes?.byteLength) return;
    let buffer;
    try {
      buffer = await decode(new Uint8Array(bytes));
    } catch {
      return; // A format that the server reads and this browser does not: the prepared version stands in.
    }
    if (turn !== this.#turn || buffer.duration > LONGEST_PICTURE_S) return;
    const version = { buffer, startS, measured: null };
    this.#versions.set(name, version);
    this.#measure(version);
  }

  /** Spectrogram and pitch come when they are ready; nothing waits for them. */
  async #measure(version) {
    version.measured = await this.#measurer.measure(version.buffer.getChannelData(0), version.buffer.sampleRate);
    this.#draw();
  }

  #choose(name) {
    byId('hear-choice').querySelector(`[value="${name}"]`).checked = true;
  }

  get #chosenVersion() {
    const chosen = byId('hear-choice').querySelector(':checked').value;
    return chosen === 'prepared' && this.removesNoise && this.#versions.has('cleaned') ? 'cleaned' : chosen;
  }

  #hearChosen() {
    this.#player.hear(this.#chosenVersion);
    this.#draw();
  }

  async #toggleClean() {
    const take = this.#takes.chosen;
    this.#takes.dispatchEvent(new Event('change'));
    if (this.removesNoise && take && !take.cleaned) {
      byId('clean').closest('label').classList.add('is-busy');
      try {
        await this.#hearing.hearCleaned(take);
      } catch (error) {
        this.#notices.show(error.message, { tone: 'poor' });
        byId('clean').checked = false;
      } finally {
        byId('clean').closest('label').classList.remove('is-busy');
        byId('hearing').hidden = true;
      }
      if (!take.cleaned) byId('clean').checked = false;
    }
    this.#showHint(take);
    if (this.removesNoise && this.#versions.has('prepared')) this.#choose('prepared');
    this.#hearChosen();
  }

  // --- picture ---------------------------------------------------------------------------------------------------

  get #view() {
    const base = this.#versions.get('original') ?? this.#versions.get('prepared');
    const whole = { startS: base.startS, endS: base.startS + base.buffer.duration };
    const used = this.#takes.chosen?.plain?.window;
    return used && byId('view-choice').querySelector(':checked').value === 'used' ? used : whole;
  }

  #draw() {
    if (!this.#versions.size || !byId('lane-wave').clientWidth) return;
    const view = this.#view;
    const used = this.#takes.chosen?.plain?.window ?? null;
    const base = this.#versions.get('original') ?? this.#versions.get('prepared');
    const heard = this.#versions.get(this.#chosenVersion) ?? base;
    const { buffer } = base;
    const slice = buffer.getChannelData(0).subarray((view.startS - base.startS) * buffer.sampleRate, (view.endS - base.startS) * buffer.sampleRate);
    drawWaveform(byId('lane-wave'), slice, view, used);
    this.#drawMeasured(base, heard, view);
    byId('lane-wave').setAttribute('aria-label', words.waveText(buffer.duration, used?.startS ?? 0, used?.endS ?? buffer.duration));
    byId('used-range').textContent = used ? words.used(used.startS, used.endS) : '';
    byId('view-choice').hidden = !used || used.endS - used.startS > 0.97 * buffer.duration;
    showPins(this.#takes.chosen?.plain?.findings ?? [], view, (startS) => this.#playFrom(startS));
    byId('scrub').min = view.startS;
    byId('scrub').max = view.endS;
    this.#showPosition();
  }

  #drawMeasured(base, heard, view) {
    const spectrum = byId('lane-spectrum');
    const layers = (heard === base ? [base] : [base, heard]).filter((version) => version.measured).map((version) => ({
      picture: paintSpectrogram(spectrum, version.measured.levels),
      span: { startS: version.startS, endS: version.startS + version.buffer.duration },
      isFaint: version !== heard,
    }));
    drawSpectrogram(spectrum, layers, view);
    const pitch = (heard.measured ?? base.measured)?.pitch;
    const median = pitch ? medianPitch(pitch.hz) : 0;
    drawPitch(byId('lane-pitch'), { hz: pitch?.hz ?? new Float32Array(), hopS: pitch?.hopS ?? 0.01, startS: heard.startS }, view);
    byId('pitch-figure').textContent = words.pitchShort(median);
    byId('lane-pitch').setAttribute('aria-label', words.pitchText(median));
    spectrum.setAttribute('aria-label', words.spectrumText);
  }

  #playFrom(startS) {
    if (this.#versions.has('original')) this.#choose('original');
    this.#hearChosen();
    this.#player.play(startS);
  }

  // --- player ----------------------------------------------------------------------------------------------------

  #showPlayer() {
    const isPlaying = this.#player.isPlaying;
    const button = byId('take-play');
    relabel(button, isPlaying ? 'pause' : 'play', '');
    button.setAttribute('aria-label', isPlaying ? words.pause : words.play);
    cancelAnimationFrame(this.#frame);
    const follow = () => {
      this.#showPosition();
      if (this.#player.isPlaying) this.#frame = requestAnimationFrame(follow);
    };
    follow();
  }

  #showPosition() {
    if (!this.#versions.size) return;
    const view = this.#view;
    const at = Math.min(view.endS, Math.max(view.startS, this.#player.positionS));
    const playhead = byId('playhead');
    playhead.hidden = false;
    playhead.style.setProperty('--at', String((at - view.startS) / (view.endS - view.startS)));
    const scrub = byId('scrub');
    scrub.value = at;
    scrub.setAttribute('aria-valuetext', words.positionText(at, view.endS));
    byId('scrub-time').textContent = `${clock(at)} / ${clock(view.endS)}`;
  }

  #seekByPointer(event) {
    if (event.target.tagName !== 'CANVAS' || event.button !== 0) return;
    const { left, width } = event.target.getBoundingClientRect();
    const view = this.#view;
    this.#player.seek(view.startS + ((event.clientX - left) / width) * (view.endS - view.startS));
  }
}
