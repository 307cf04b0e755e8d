/** The public HTTP API, as any client uses it: the calls that the studio makes, and their errors. */

import { strings } from './strings.js';

const MODEL_ID = 'inworld-tts-1.5-max';
const PAGE_SIZE = 500;
const DICTIONARIES = 'pronunciations/v1/workspaces/-/pronunciationDictionaries';

/** A call that failed. `status` is the HTTP status, 0 when the server could not be reached. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }

  get isUnreachable() {
    return this.status === 0;
  }

  /** The key is missing, unknown or may not do this. */
  get isAboutTheKey() {
    return this.status === 401 || this.status === 403;
  }
}

export class Api {
  #base;
  #key;

  /**
   * @param {URL} base where the server is
   * @param {() => string} key the API key, asked for at each call
   */
  constructor(base, key) {
    this.#base = base;
    this.#key = key;
  }

  get base() {
    return this.#base;
  }

  /** Every voice that the key can see. */
  async listVoices() {
    const voices = [];
    let pageToken = '';
    do {
      const query = new URLSearchParams({ pageSize: PAGE_SIZE, ...(pageToken && { pageToken }) });
      const page = await this.#json('GET', `voices/v1/voices?${query}`);
      voices.push(...page.voices);
      pageToken = page.nextPageToken || '';
    } while (pageToken);
    return voices;
  }

  /**
   * Clone, or with `validateOnly` only hear what the server makes of the samples.
   * @param {(share: number) => void} onSent how much of the body has left, 0 to 1
   */
  cloneVoice(request, { signal, onSent }) {
    // fetch cannot tell how much of a body has been sent; this is the one call where it matters.
    return new Promise((resolve, reject) => {
      const call = new XMLHttpRequest();
      call.open('POST', new URL('voices/v1/voices:clone', this.#base));
      call.setRequestHeader('Authorization', `Basic ${this.#key()}`);
      call.setRequestHeader('Content-Type', 'application/json');
      call.upload.onprogress = (event) => event.lengthComputable && onSent(event.loaded / event.total);
      call.upload.onload = () => onSent(1);
      call.onload = () => {
        const body = parseJson(call.responseText);
        if (call.status === 200 && body) resolve(body);
        else reject(toError(call.status, body));
      };
      call.onerror = () => reject(new ApiError(0, strings.errors.unreachable));
      call.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
      signal?.addEventListener('abort', () => call.abort());
      call.send(JSON.stringify(request));
    });
  }

  /** Codes (`EN_US`) of the languages that the server's engine speaks. */
  async listSpokenLanguages() {
    const { languages } = await this.#json('GET', 'voices/v1/supportedLanguages');
    return languages.filter(({ isSpoken }) => isSpoken !== false).map(({ code }) => code.replace('-', '_').toUpperCase());
  }

  getVoice(voiceId) {
    return this.#json('GET', voicePath(voiceId));
  }

  updateVoice(voiceId, change) {
    return this.#json('PATCH', voicePath(voiceId), change);
  }

  revokeConsent(voiceId) {
    return this.#json('POST', `${voicePath(voiceId)}:revokeConsent`, {});
  }

  /** @param {boolean} keepalive let the call outlive the page */
  deleteVoice(voiceId, { keepalive = false } = {}) {
    return this.#json('DELETE', voicePath(voiceId), undefined, { keepalive });
  }

  /** Every pronunciation dictionary of the key's workspace, the oldest first. */
  async listDictionaries() {
    const dictionaries = [];
    let pageToken = '';
    do {
      const page = await this.#json('GET', `${DICTIONARIES}?${new URLSearchParams({ pageToken })}`);
      dictionaries.push(...page.pronunciationDictionaries);
      pageToken = page.nextPageToken;
    } while (pageToken);
    return dictionaries;
  }

  createDictionary(dictionary) {
    return this.#json('POST', DICTIONARIES, dictionary);
  }

  updateDictionary({ name, etag }, change) {
    return this.#json('PATCH', `pronunciations/v1/${name}`, { etag, ...change });
  }

  /** One whole reply. @returns {Promise<Uint8Array>} */
  async synthesize(request) {
    const reply = await this.#json('POST', 'tts/v1/voice', { modelId: MODEL_ID, ...request });
    return fromBase64(reply.audioContent);
  }

  /**
   * Speech as it is made.
   * @returns {AsyncGenerator<{audio: Uint8Array, words: {text: string, startS: number, endS: number}[]}>}
   */
  async *streamSpeech(request, { signal }) {
    const response = await this.#send('POST', 'tts/v1/voice:stream', { modelId: MODEL_ID, ...request }, { signal });
    for await (const line of lines(response.body)) {
      const message = parseJson(line);
      if (!message) throw new ApiError(response.status, strings.errors.unreadable);
      if (message.error) throw toError(500, message);
      yield { audio: fromBase64(message.result.audioContent || ''), words: readWords(message.result.timestampInfo) };
    }
  }

  /** Is the server there? Needs no key. */
  async isAlive() {
    try {
      return (await fetch(new URL('healthz', this.#base), { cache: 'no-store' })).ok;
    } catch {
      return false;
    }
  }

  async #json(method, path, body, options) {
    const response = await this.#send(method, path, body, options);
    const reply = parseJson(await response.text());
    if (!reply) throw new ApiError(response.status, strings.errors.unreadable);
    return reply;
  }

  async #send(method, path, body, { signal, keepalive } = {}) {
    let response;
    try {
      response = await fetch(new URL(path, this.#base), {
        method,
        signal,
        keepalive,
        cache: 'no-store',
        headers: { Authorization: `Basic ${this.#key()}`, ...(body && { 'Content-Type': 'application/json' }) },
        body: body && JSON.stringify(body),
      });
    } catch (error) {
      throw error.name === 'AbortError' ? error : new ApiError(0, strings.errors.unreachable);
    }
    if (!response.ok) throw toError(response.status, parseJson(await response.text()));
    return response;
  }
}

/** Base64 of a file's bytes, as JSON carries them. */
export function toBase64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function voicePath(voiceId) {
  return `voices/v1/voices/${encodeURIComponent(voiceId)}`;
}

function parseJson(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

function toError(status, body) {
  if (status === 429 || status === 503) return new ApiError(status, strings.errors.busy);
  if (status === 413) return new ApiError(status, strings.errors.tooLarge);
  const message = body?.message || body?.error?.message;
  return new ApiError(status, message || strings.errors.server);
}

function readWords(timestampInfo) {
  const alignment = timestampInfo?.wordAlignment;
  if (!alignment?.words) return [];
  return alignment.words.map((text, index) => ({
    text,
    startS: alignment.wordStartTimeSeconds[index],
    endS: alignment.wordEndTimeSeconds[index],
  }));
}

async function* lines(body) {
  let rest = '';
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const parts = (rest + (value ?? '')).split('\n');
      rest = parts.pop();
      yield* parts.filter((line) => line.trim());
      if (done) break;
    }
  } catch (error) {
    throw error.name === 'AbortError' ? error : new ApiError(0, strings.errors.unreachable);
  }
  if (rest.trim()) yield rest;
}
