/** The text as a file, in every format that the API has. */

import { byId, fillOptions } from './dom.js';
import { strings } from './strings.js';

const words = strings.download;
const RATES_HZ = [8000, 16000, 22050, 24000, 32000, 44100, 48000];
const TELEPHONE_HZ = [8000];
const LOWEST_MP3_HZ = 16000;

/** Extension and media type of each encoding of wire-contract.md#encodings. */
const FILES = {
  MP3: ['mp3', 'audio/mpeg'],
  WAV: ['wav', 'audio/wav'],
  OGG_OPUS: ['ogg', 'audio/ogg'],
  FLAC: ['flac', 'audio/flac'],
  LINEAR16: ['wav', 'audio/wav'],
  PCM: ['pcm', 'application/octet-stream'],
  ALAW: ['alaw', 'application/octet-stream'],
  MULAW: ['mulaw', 'application/octet-stream'],
};

export class Download {
  #api;
  #notices;
  #request;
  #onTrouble;
  #onDictionaryGone;

  /** @param {{request: () => object, onTrouble: (error) => void, onDictionaryGone: () => void}} options what is to be spoken */
  constructor({ api, notices, request, onTrouble, onDictionaryGone }) {
    this.#api = api;
    this.#notices = notices;
    this.#request = request;
    this.#onTrouble = onTrouble;
    this.#onDictionaryGone = onDictionaryGone;
    fillOptions(byId('download-format'), Object.keys(FILES).map((encoding) => [encoding, words.formats[encoding]]));
    byId('download-format').addEventListener('change', () => this.#offerRates());
    byId('download').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#save();
    });
    this.#offerRates();
    byId('download-rate').value = '48000';
  }

  #offerRates() {
    const encoding = byId('download-format').value;
    const isTelephone = encoding === 'ALAW' || encoding === 'MULAW';
    const rates = isTelephone ? TELEPHONE_HZ : RATES_HZ.filter((hz) => encoding !== 'MP3' || hz >= LOWEST_MP3_HZ);
    fillOptions(byId('download-rate'), rates.map((hz) => [String(hz), words.rateValue(hz)]));
  }

  async #save() {
    const { speakingRate, ...request } = this.#request();
    if (!request.text) return this.#notices.show(strings.speak.noText, { tone: 'poor' });
    const audioEncoding = byId('download-format').value;
    const audioConfig = { audioEncoding, sampleRateHertz: Number(byId('download-rate').value), speakingRate };
    const button = byId('download-go');
    button.disabled = true;
    this.#notices.say(words.making);
    try {
      const bytes = await this.#api.synthesize({ ...request, audioConfig });
      const [extension, type] = FILES[audioEncoding];
      const name = `${fileName(request.text)}.${extension}`;
      saveFile(new Blob([bytes], { type }), name);
      this.#notices.show(words.done(name), { tone: 'good' });
    } catch (error) {
      this.#onTrouble(error);
      if (error.status === 404 && request.pronunciationDictionarySettings) this.#onDictionaryGone();
    } finally {
      button.disabled = false;
    }
  }
}

/** The first words of the text, as a file system likes them. */
function fileName(text) {
  return text.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '').slice(0, 40) || 'speech';
}

function saveFile(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
