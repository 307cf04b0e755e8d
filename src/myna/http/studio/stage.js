/** Which of the three steps is shown. Showing one moves the focus to its heading, so that nobody is left behind. */

export class Stage extends EventTarget {
  #buttons;
  #panels;
  #shown = 'record';
  #canShow;

  /** @param {{root: HTMLElement, canShow: (step: string) => boolean}} options whether a step has something to show */
  constructor({ root, canShow }) {
    super();
    this.#canShow = canShow;
    this.#buttons = [...root.querySelectorAll('[data-step]')];
    this.#panels = new Map(this.#buttons.map(({ dataset }) => [dataset.step, root.querySelector(`#panel-${dataset.step}`)]));
    for (const button of this.#buttons) button.addEventListener('click', () => this.show(button.dataset.step));
    this.update();
  }

  get shown() {
    return this.#shown;
  }

  show(step) {
    if (!this.#canShow(step)) return;
    const isNew = step !== this.#shown;
    this.#shown = step;
    this.update();
    if (!isNew) return;
    const heading = this.#panels.get(step).querySelector('h1');
    heading.focus({ preventScroll: true });
    globalThis.scrollTo({ top: 0 });
    this.dispatchEvent(new Event('show'));
  }

  update() {
    for (const button of this.#buttons) {
      const { step } = button.dataset;
      const isShown = step === this.#shown;
      if (isShown) button.setAttribute('aria-current', 'step');
      else button.removeAttribute('aria-current');
      button.disabled = !isShown && !this.#canShow(step);
      this.#panels.get(step).hidden = !isShown;
    }
  }
}
