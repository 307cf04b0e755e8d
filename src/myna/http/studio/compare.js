/** Original or clone: two buttons, one sounds at a time; switching while one plays goes on at the same place. */

import { byId, relabel } from './dom.js';
import { decode } from './sound.js';
import { strings } from './strings.js';

const words = strings.compare;

export class Compare {
  #sound;
  #buffers = { original: null, clone: null };
  #playing = null;

  constructor({ sound }) {
    this.#sound = sound;
    for (const name of ['original', 'clone']) byId(`compare-${name}`).addEventListener('click', () => this.#press(name));
    this.#show();
  }

  /** @param {Uint8Array|null} wav the recording that the voice was made from */
  async setOriginal(wav) {
    this.stop();
    this.#buffers = { original: null, clone: null };
    this.#show();
    if (!wav?.length) return;
    this.#buffers.original = await decode(wav);
    this.#show();
  }

  /** @param {AudioBuffer} buffer what the voice said last */
  setClone(buffer) {
    this.stop();
    this.#buffers.clone = buffer;
    this.#show();
  }

  stop() {
    const playing = this.#playing;
    this.#playing = null;
    playing?.source.stop();
    this.#show();
  }

  async #press(name) {
    const share = this.#share();
    const wasPlaying = this.#playing?.name;
    this.stop();
    if (wasPlaying === name) return;
    const context = await this.#sound.open();
    const buffer = this.#buffers[name];
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    source.onended = () => this.#playing?.source === source && this.stop();
    const fromS = share * buffer.duration;
    source.start(0, fromS);
    this.#playing = { name, source, context, startedAt: context.currentTime - fromS, durationS: buffer.duration };
    this.#show();
  }

  /** How much of the playing one has sounded, 0 to 1. */
  #share() {
    if (!this.#playing) return 0;
    const { context, startedAt, durationS } = this.#playing;
    return Math.min(0.98, (context.currentTime - startedAt) / durationS);
  }

  #show() {
    for (const [name, letter] of [['original', 'A'], ['clone', 'B']]) {
      const button = byId(`compare-${name}`);
      const isPlaying = this.#playing?.name === name;
      relabel(button, isPlaying ? 'stop' : 'play', `${letter} · ${words[name]}`);
      button.disabled = !this.#buffers[name];
      button.setAttribute('aria-pressed', String(isPlaying));
    }
    const { original, clone } = this.#buffers;
    byId('compare-hint').textContent = !original ? words.needsOriginal : !clone ? words.needsSpeech : words.lead;
  }
}
