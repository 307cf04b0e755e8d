/** Signal processing for the pictures: Fourier transform, spectrogram, pitch. Pure functions on Float32Arrays. */

const SPECTRUM_SAMPLES = 1024; // 43 ms at 24 kHz: harmonics of a voice stand apart
const LOWEST_SHOWN_HZ = 60; // below lie hum and offset, not speech
const DYNAMIC_RANGE_DB = 72;
const PITCH_RATE_HZ = 8000;
const PITCH_FRAME_S = 0.04;
const PITCH_HOP_S = 0.01;
const LOWEST_PITCH_HZ = 60;
const HIGHEST_PITCH_HZ = 450;
const YIN_THRESHOLD = 0.3; // the paper's 0.1 to 0.2 drops breathy voices; a picture may show them
const SILENCE_RATIO = 0.02; // frames this far below the loudest have no pitch to show

/** In-place complex fast Fourier transform (radix 2). */
export function transform(real, imaginary) {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i += 1) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
  for (let half = 1; half < size; half *= 2) {
    const step = -Math.PI / half;
    for (let k = 0; k < half; k += 1) {
      const cosine = Math.cos(step * k);
      const sine = Math.sin(step * k);
      for (let even = k; even < size; even += 2 * half) {
        const odd = even + half;
        const re = real[odd] * cosine - imaginary[odd] * sine;
        const im = real[odd] * sine + imaginary[odd] * cosine;
        real[odd] = real[even] - re;
        imaginary[odd] = imaginary[even] - im;
        real[even] += re;
        imaginary[even] += im;
      }
    }
  }
}

/** Mel scale of O'Shaughnessy (1987). */
export function hzToMel(hz) {
  return 2595 * Math.log10(1 + hz / 700);
}

export function melToHz(mel) {
  return 700 * (10 ** (mel / 2595) - 1);
}

/**
 * How strong each frequency is over time, on a mel axis from 60 Hz to `maxHz`.
 * @returns {Uint8Array} [columns × rows], row 0 lowest; 255 the loudest, 0 that is 72 dB or more below it
 */
export function measureSpectrogram(samples, rateHz, columns, rows, maxHz) {
  const window = Float32Array.from({ length: SPECTRUM_SAMPLES }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / SPECTRUM_SAMPLES));
  const edges = rowEdges(rows, maxHz, rateHz);
  const levels = new Float32Array(columns * rows);
  const real = new Float32Array(SPECTRUM_SAMPLES);
  const imaginary = new Float32Array(SPECTRUM_SAMPLES);
  let loudest = -Infinity;
  for (let column = 0; column < columns; column += 1) {
    const first = Math.round(((column + 0.5) / columns) * samples.length) - SPECTRUM_SAMPLES / 2;
    for (let n = 0; n < SPECTRUM_SAMPLES; n += 1) {
      real[n] = (samples[first + n] ?? 0) * window[n];
      imaginary[n] = 0;
    }
    transform(real, imaginary);
    for (let row = 0; row < rows; row += 1) {
      const level = 10 * Math.log10(meanPower(real, imaginary, edges[row], edges[row + 1]) + 1e-12);
      levels[column * rows + row] = level;
      if (level > loudest) loudest = level;
    }
  }
  return Uint8Array.from(levels, (level) => Math.max(0, 255 * (1 - (loudest - level) / DYNAMIC_RANGE_DB)));
}

/** Fractional spectrum bins between which each row lies. */
function rowEdges(rows, maxHz, rateHz) {
  const bottom = hzToMel(LOWEST_SHOWN_HZ);
  const top = hzToMel(Math.min(maxHz, rateHz / 2));
  return Float32Array.from({ length: rows + 1 }, (_, row) => (melToHz(bottom + (row / rows) * (top - bottom)) / rateHz) * SPECTRUM_SAMPLES);
}

/** Mean power between two fractional bins, a row narrower than a bin taking its share of the neighbours. */
function meanPower(real, imaginary, from, to) {
  const power = (bin) => real[bin] * real[bin] + imaginary[bin] * imaginary[bin];
  if (to - from < 1) {
    const centre = (from + to) / 2;
    const below = Math.floor(centre);
    const share = centre - below;
    return power(below) * (1 - share) + power(below + 1) * share;
  }
  let sum = 0;
  let count = 0;
  for (let bin = Math.floor(from); bin < to; bin += 1) {
    sum += power(bin);
    count += 1;
  }
  return sum / count;
}

/**
 * Fundamental frequency every 10 ms, by YIN.
 * @returns {{hopS: number, hz: Float32Array}} 0 where nothing is voiced
 * Source: A. de Cheveigné, H. Kawahara, "YIN", J. Acoust. Soc. Am. 111 (2002), steps 1 to 5.
 */
export function measurePitch(samples, rateHz) {
  const factor = Math.max(1, Math.floor(rateHz / PITCH_RATE_HZ));
  const slow = averageDown(samples, factor);
  const slowRateHz = rateHz / factor;
  const frame = Math.round(PITCH_FRAME_S * slowRateHz);
  const longest = Math.ceil(slowRateHz / LOWEST_PITCH_HZ);
  const shortest = Math.floor(slowRateHz / HIGHEST_PITCH_HZ);
  const hop = PITCH_HOP_S * slowRateHz;
  const count = Math.max(0, Math.floor((slow.length - frame - longest) / hop));
  const silence = SILENCE_RATIO * loudestFrame(slow, frame);
  const hz = new Float32Array(count);
  const difference = new Float32Array(longest + 1);
  for (let index = 0; index < count; index += 1) {
    const first = Math.round(index * hop);
    if (rms(slow, first, frame) < silence || silence === 0) continue;
    const lag = findLag(slow, first, frame, shortest, longest, difference);
    hz[index] = lag > 0 ? slowRateHz / lag : 0;
  }
  return { hopS: PITCH_HOP_S, hz: withoutJumps(hz) };
}

/** The middle of the voiced pitches in Hz; 0 if there are none. */
export function medianPitch(hz) {
  const voiced = hz.filter((value) => value > 0).sort();
  return voiced.length ? voiced[voiced.length >> 1] : 0;
}

/** Lowest and highest sample of each of `bins` equal stretches. @returns {Float32Array} [2 × bins] */
export function measureEnvelope(samples, bins) {
  const envelope = new Float32Array(2 * bins);
  for (let bin = 0; bin < bins; bin += 1) {
    const first = Math.floor((bin / bins) * samples.length);
    const last = Math.max(first + 1, Math.floor(((bin + 1) / bins) * samples.length));
    let low = 0;
    let high = 0;
    for (let n = first; n < last && n < samples.length; n += 1) {
      if (samples[n] < low) low = samples[n];
      if (samples[n] > high) high = samples[n];
    }
    envelope[2 * bin] = low;
    envelope[2 * bin + 1] = high;
  }
  return envelope;
}

function averageDown(samples, factor) {
  return Float32Array.from({ length: Math.floor(samples.length / factor) }, (_, index) => {
    let sum = 0;
    for (let n = 0; n < factor; n += 1) sum += samples[index * factor + n];
    return sum / factor;
  });
}

function rms(samples, first, count) {
  let sum = 0;
  for (let n = first; n < first + count; n += 1) sum += samples[n] * samples[n];
  return Math.sqrt(sum / count);
}

function loudestFrame(samples, frame) {
  let loudest = 0;
  for (let first = 0; first + frame < samples.length; first += frame) loudest = Math.max(loudest, rms(samples, first, frame));
  return loudest;
}

/** The period in samples by the cumulative mean normalised difference; 0 if the frame has none. */
function findLag(samples, first, frame, shortest, longest, difference) {
  let running = 0;
  difference[0] = 1;
  for (let lag = 1; lag <= longest; lag += 1) {
    let sum = 0;
    for (let n = first; n < first + frame; n += 1) {
      const step = samples[n] - samples[n + lag];
      sum += step * step;
    }
    running += sum;
    difference[lag] = running > 0 ? (sum * lag) / running : 1;
  }
  for (let lag = shortest; lag < longest; lag += 1) {
    if (difference[lag] >= YIN_THRESHOLD) continue;
    while (lag + 1 < longest && difference[lag + 1] < difference[lag]) lag += 1;
    return lag + parabolicOffset(difference[lag - 1], difference[lag], difference[lag + 1]);
  }
  return 0;
}

function parabolicOffset(left, middle, right) {
  const curve = left - 2 * middle + right;
  return curve > 0 ? (left - right) / (2 * curve) : 0;
}

/** Median of five neighbours: single octave errors vanish, glides stay. */
function withoutJumps(hz) {
  return hz.map((value, index) => {
    if (value === 0) return 0;
    const near = hz.slice(Math.max(0, index - 2), index + 3).filter((other) => other > 0).sort();
    return near.length < 3 ? 0 : near[near.length >> 1];
  });
}
