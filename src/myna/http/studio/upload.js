/** Recordings by drop anywhere on the page, or by the file dialog. */

import { byId } from './dom.js';
import { strings } from './strings.js';

const MAX_FILE_BYTES = 32 * 1024 * 1024; // what one sample may have on the server

/** Emits `take` with `{blob, name}` for each file. */
export class Upload extends EventTarget {
  #notices;

  constructor({ notices }) {
    super();
    this.#notices = notices;
    const input = byId('upload-input');
    byId('upload').addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      this.#take([...input.files]);
      input.value = '';
    });
    this.#acceptDrops();
  }

  #acceptDrops() {
    const page = document.documentElement;
    const hasFiles = (event) => event.dataTransfer?.types.includes('Files');
    page.addEventListener('dragover', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      page.classList.add('is-dropping');
    });
    page.addEventListener('dragleave', (event) => !event.relatedTarget && page.classList.remove('is-dropping'));
    page.addEventListener('drop', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      page.classList.remove('is-dropping');
      this.#take([...event.dataTransfer.files]);
    });
  }

  #take(files) {
    for (const file of files) {
      const refusal = file.size === 0 ? strings.upload.empty : file.size > MAX_FILE_BYTES ? strings.upload.tooLarge : null;
      if (refusal) this.#notices.show(refusal(file.name), { tone: 'poor', seconds: 10 });
      else this.dispatchEvent(new CustomEvent('take', { detail: { blob: file, name: file.name } }));
    }
  }
}
