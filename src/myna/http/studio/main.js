/** Puts the studio together. */

import { Api } from './api.js';
import { CloneForm } from './clone.js';
import { Compare } from './compare.js';
import { Connection } from './connection.js';
import { byId, fillStrings } from './dom.js';
import { Download } from './download.js';
import { Hearing } from './hearing.js';
import { KeyDialog } from './key-dialog.js';
import { ListenPanel } from './listen.js';
import { Measurer } from './measure.js';
import { Notices } from './notices.js';
import { Pronunciations } from './pronunciations.js';
import { RecordPanel } from './record.js';
import { Recorder } from './recorder.js';
import { RefinementWatch } from './refinement.js';
import { Session } from './session.js';
import { Sound } from './sound.js';
import { SpeakPanel } from './speak.js';
import { Stage } from './stage.js';
import { strings } from './strings.js';
import { TakeArchive } from './take-archive.js';
import { TakeList } from './take-list.js';
import { Takes } from './takes.js';
import { ThemeButton } from './theme.js';
import { Upload } from './upload.js';
import { Library } from './voices.js';

const MOST_TAKES = 16; // what one clone request may carry

class Studio {
  /** The recordings became a voice: the next one starts a new collection. */
  #areTakesSpent = false;

  constructor() {
    fillStrings(document);
    document.title = strings.page.title;
    this.session = new Session(sessionStorage);
    this.session.adoptFragment(location, history);
    this.notices = new Notices({ polite: byId('polite'), assertive: byId('assertive'), cards: byId('notices') });
    this.api = new Api(new URL('.', location.href), () => this.session.key);
    this.connection = new Connection(this.api);
    this.takes = new Takes(new TakeArchive());
    this.keyDialog = new KeyDialog({ session: this.session });
    this.sound = new Sound();
    /** Recordings of the voices cloned in this tab, for the comparison. */
    this.references = new Map();
    this.#buildSteps();
    this.#buildSpeaking();
    this.#wire();
  }

  async start() {
    // Everything that recording needs is here before the server may go away.
    this.recorder.prepare();
    this.measurer.prepare();
    const numKept = await this.takes.restore();
    if (numKept) this.notices.show(strings.takes.restored(numKept));
    this.stage.update();
    this.#useKey();
  }

  #buildSteps() {
    const { api, takes, notices, connection, sound } = this;
    const onKeyTrouble = (error) => this.#askForKey(error);
    this.hearing = new Hearing({ api, takes, connection, onKeyTrouble });
    this.recorder = new Recorder();
    this.record = new RecordPanel({ recorder: this.recorder, notices });
    this.upload = new Upload({ notices });
    this.takeList = new TakeList({ takes, onRemove: (take) => this.#removeTake(take), onAdd: () => this.#addAnother() });
    this.measurer = new Measurer();
    this.listen = new ListenPanel({ takes, hearing: this.hearing, notices, sound, measurer: this.measurer });
    this.clone = new CloneForm({ api, takes, notices, connection, onKeyTrouble, removesNoise: () => this.listen.removesNoise });
    this.speak = new SpeakPanel({ api, sound, notices, connection, onKeyTrouble, onRecord: () => this.stage.show('record'), pronunciations: () => this.pronunciations.request, onDictionaryGone: () => this.pronunciations.load() });
    this.stage = new Stage({
      root: byId('stage'),
      canShow: (step) => step !== 'listen' || takes.list.length > 0,
    });
    this.theme = new ThemeButton({ button: byId('theme'), storage: localStorage, onChange: () => this.listen.redraw() });
  }

  #buildSpeaking() {
    const { api, notices, sound } = this;
    this.compare = new Compare({ sound });
    this.refinements = new RefinementWatch({ api });
    const onTrouble = (error, options) => this.#report(error, options);
    this.library = new Library({ api, notices, onTrouble });
    this.pronunciations = new Pronunciations({ api, sound, notices, speaker: () => this.speak.speaker, onTrouble });
    const onDictionaryGone = () => this.pronunciations.load();
    this.download = new Download({ api, notices, request: () => this.speak.request, onTrouble, onDictionaryGone });
  }

  #wire() {
    this.record.addEventListener('take', ({ detail }) => {
      const name = strings.takes.recorded(this.takes.list.length + 1);
      this.#addTake({ ...detail, name });
    });
    this.upload.addEventListener('take', ({ detail }) => this.#addTake({ ...detail, langCode: '' }));
    this.takes.addEventListener('change', () => this.stage.update());
    this.stage.addEventListener('show', () => this.#onStep());
    this.clone.addEventListener('voice', ({ detail }) => this.#onCloned(detail));
    this.library.addEventListener('choose', ({ detail }) => this.#chooseVoice(detail));
    this.library.addEventListener('gone', ({ detail }) => this.#onGone(detail));
    this.library.addEventListener('change', ({ detail }) => this.#onEdited(detail));
    this.speak.addEventListener('spoken', ({ detail }) => this.compare.setClone(detail.buffer));
    this.refinements.addEventListener('change', ({ detail }) => this.#onHeard(detail));
    this.refinements.addEventListener('done', ({ detail }) => this.#onRefined(detail));
    this.session.addEventListener('change', () => this.#useKey());
    this.#wireConnection();
  }

  #wireConnection() {
    this.connection.addEventListener('lost', () => {
      byId('connection').hidden = false;
      this.notices.sayNow(`${strings.connection.lost} ${strings.connection.safe}`);
    });
    this.connection.addEventListener('back', () => {
      byId('connection').hidden = true;
      this.notices.show(strings.connection.back, { tone: 'good' });
      this.library.load();
      this.pronunciations.load();
    });
    byId('connection-retry').addEventListener('click', () => {
      this.notices.say(strings.connection.trying);
      this.connection.check();
    });
  }

  // --- key -------------------------------------------------------------------------------------------------------

  #useKey() {
    this.pronunciations.clear();
    if (!this.session.key) {
      this.library.clear();
      this.keyDialog.open();
      return;
    }
    this.library.load();
    this.pronunciations.load();
    this.hearing.hearAll();
    // Without the list every language is offered, and the server says which it speaks.
    this.api.listSpokenLanguages().then((codes) => {
      this.speak.offerLanguages(codes);
      this.pronunciations.offerLanguages(codes);
    }, () => {});
  }

  #askForKey(error) {
    const isReadOnly = error.status === 403 && this.library.hasLoaded;
    const problem = isReadOnly ? strings.key.readOnly : strings.key.refused;
    this.keyDialog.open(this.session.key ? problem : '');
  }

  #report(error, { isQuiet = false } = {}) {
    if (error.isUnreachable) this.connection.reportLost();
    if (error.isAboutTheKey) this.#askForKey(error);
    if (!isQuiet) this.notices.show(error.message, { tone: 'poor', seconds: 10 });
  }

  // --- recordings ------------------------------------------------------------------------------------------------

  #addTake(values) {
    if (this.takes.list.length >= MOST_TAKES) return this.notices.show(strings.upload.tooMany, { tone: 'poor' });
    if (this.#areTakesSpent) {
      this.takes.clear();
      this.#areTakesSpent = false;
    }
    const take = this.takes.add(values);
    this.stage.show('listen');
    this.hearing.hear(take);
  }

  #addAnother() {
    this.#areTakesSpent = false;
    this.stage.show('record');
  }

  #removeTake(take) {
    this.hearing.cancel(take);
    this.takes.remove(take);
    this.notices.say(strings.takes.removed(take.name));
    if (!this.takes.list.length) this.stage.show('record');
    else byId('takes').querySelector('button')?.focus();
  }

  // --- voices ----------------------------------------------------------------------------------------------------

  #onStep() {
    this.listen.rest();
    this.compare.stop();
    if (this.stage.shown !== 'speak') this.speak.stop();
    this.listen.redraw();
  }

  #onCloned({ voice, reference, transcript }) {
    this.references.set(voice.voiceId, { reference, transcript });
    // They stay on the page for a second try, but need not outlive it; the next recording starts a new voice.
    this.takes.forgetKept();
    this.#areTakesSpent = true;
    this.library.add(voice);
    this.#chooseVoice(voice);
  }

  #chooseVoice(voice) {
    const known = this.references.get(voice.voiceId);
    this.speak.setSpeaker({ voice: { ...voice }, transcript: known?.transcript ?? '' });
    this.compare.setOriginal(known?.reference?.wav ?? null);
    this.library.setChosen(voice.voiceId);
    this.refinements.watch(voice);
    this.stage.show('speak');
  }

  #onEdited(voice) {
    if (this.speak.speaker?.voice.voiceId !== voice.voiceId) return;
    this.speak.update(voice);
  }

  #onRefined(voice) {
    this.notices.show(strings.speak.refined(voice.displayName), { tone: 'good' });
    this.#onHeard(voice);
  }

  #onHeard(voice) {
    this.library.update(voice);
    this.#onEdited(voice);
  }

  #onGone(voice) {
    if (this.speak.speaker?.voice.voiceId !== voice.voiceId) return;
    this.speak.setSpeaker(null);
    this.compare.setOriginal(null);
    this.library.setChosen('');
  }
}

new Studio().start();
