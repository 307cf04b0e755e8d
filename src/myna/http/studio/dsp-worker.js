/** Measures pictures away from the page's thread. */

import { measurePitch, measureSpectrogram } from './dsp.js';

self.onmessage = ({ data: { id, samples, rateHz, columns, rows, maxHz } }) => {
  const levels = measureSpectrogram(samples, rateHz, columns, rows, maxHz);
  const pitch = measurePitch(samples, rateHz);
  self.postMessage({ id, levels, pitch }, [levels.buffer, pitch.hz.buffer]);
};
