/** Draws a recording on canvases: waveform with the used part, spectrogram, pitch. Colours come from the style sheet. */

import { measureEnvelope } from './dsp.js';
import { SPECTRUM_COLUMNS, SPECTRUM_ROWS } from './measure.js';

const BAR_PX = 2;
const GAP_PX = 1;
const PITCH_BOTTOM_HZ = 60;
const PITCH_TOP_HZ = 500;
const PITCH_LINES_HZ = [100, 200, 400];
const TICK_CHOICES_S = [0.5, 1, 2, 5, 10, 30, 60, 120];
const MIN_TICK_PX = 56;
const AXIS_PX = 18;

/** @typedef {{startS: number, endS: number}} Span */

/** A canvas ready to draw on in CSS pixels. */
function surface(canvas) {
  const scale = globalThis.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  return { context, width, height };
}

/** The colour of a token of the style sheet, as canvases and image data want it: `rgb(...)`. */
function colourOf(canvas, token) {
  canvas.style.color = `var(--${token})`;
  return getComputedStyle(canvas).color;
}

function channels(colour) {
  return colour.match(/[\d.]+/g).slice(0, 3).map(Number);
}

/**
 * Bars of the waveform; what lies outside of the used part is faint.
 * @param {Float32Array} samples of the view
 * @param {Span} view what is shown, s @param {Span|null} used
 */
export function drawWaveform(canvas, samples, view, used) {
  const { context, width, height: fullHeight } = surface(canvas);
  const height = fullHeight - AXIS_PX;
  const bars = Math.max(1, Math.floor(width / (BAR_PX + GAP_PX)));
  const envelope = measureEnvelope(samples, bars);
  let loudest = 0.05;
  for (const value of envelope) loudest = Math.max(loudest, Math.abs(value));
  const toX = (timeS) => ((timeS - view.startS) / (view.endS - view.startS)) * width;
  const [from, to] = used ? [toX(used.startS), toX(used.endS)] : [0, width];
  if (used) {
    context.fillStyle = colourOf(canvas, 'wash');
    context.fillRect(from, 0, to - from, fullHeight);
  }
  const strong = colourOf(canvas, 'ink');
  const faint = colourOf(canvas, 'faint');
  for (let bar = 0; bar < bars; bar += 1) {
    const x = bar * (BAR_PX + GAP_PX);
    const top = (height / 2) * (1 - (0.92 * envelope[2 * bar + 1]) / loudest);
    const bottom = (height / 2) * (1 - (0.92 * envelope[2 * bar]) / loudest);
    context.fillStyle = x + BAR_PX < from || x > to ? faint : strong;
    context.beginPath();
    context.roundRect(x, Math.min(top, height / 2 - 0.75), BAR_PX, Math.max(1.5, bottom - top), 1);
    context.fill();
  }
  if (used) {
    context.fillStyle = colourOf(canvas, 'accent');
    for (const edge of [from, to]) context.fillRect(Math.min(width - 2, Math.max(0, edge - 1)), 0, 2, fullHeight);
  }
  drawTicks(context, canvas, view, width, fullHeight);
}

/** Seconds along the lower edge, ticks only as close as can be read. */
function drawTicks(context, canvas, view, width, height) {
  const seconds = view.endS - view.startS;
  const step = TICK_CHOICES_S.find((choice) => (choice / seconds) * width >= MIN_TICK_PX) ?? TICK_CHOICES_S.at(-1);
  context.fillStyle = colourOf(canvas, 'ink-soft');
  context.font = `11px ${getComputedStyle(canvas).fontFamily}`;
  context.textBaseline = 'bottom';
  for (let at = Math.ceil(view.startS / step) * step; at < view.endS; at += step) {
    const x = ((at - view.startS) / seconds) * width;
    if (x > width - 24) break;
    context.fillRect(x, height - 6, 1, 6);
    context.fillText(`${Number(at.toFixed(1))} s`, x + 4, height - 1);
  }
}

/** A spectrogram's picture, to be drawn at any size. @param {Uint8Array} levels [columns × rows] */
export function paintSpectrogram(canvas, levels) {
  const ramp = colourRamp(['ramp-0', 'ramp-1', 'ramp-2', 'ramp-3', 'ramp-4'].map((token) => channels(colourOf(canvas, token))));
  const picture = new ImageData(SPECTRUM_COLUMNS, SPECTRUM_ROWS);
  for (let column = 0; column < SPECTRUM_COLUMNS; column += 1) {
    for (let row = 0; row < SPECTRUM_ROWS; row += 1) {
      const level = levels[column * SPECTRUM_ROWS + row];
      const pixel = 4 * ((SPECTRUM_ROWS - 1 - row) * SPECTRUM_COLUMNS + column);
      picture.data.set(ramp.subarray(3 * level, 3 * level + 3), pixel);
      picture.data[pixel + 3] = 255;
    }
  }
  const painted = new OffscreenCanvas(SPECTRUM_COLUMNS, SPECTRUM_ROWS);
  painted.getContext('2d').putImageData(picture, 0, 0);
  return painted;
}

function colourRamp(stops) {
  const ramp = new Uint8Array(3 * 256);
  for (let level = 0; level < 256; level += 1) {
    const place = (level / 255) * (stops.length - 1);
    const below = Math.min(stops.length - 2, Math.floor(place));
    for (let channel = 0; channel < 3; channel += 1) {
      ramp[3 * level + channel] = stops[below][channel] + (place - below) * (stops[below + 1][channel] - stops[below][channel]);
    }
  }
  return ramp;
}

/** @param {{picture: OffscreenCanvas, span: Span}[]} layers each drawn over its stretch of the view, later over earlier */
export function drawSpectrogram(canvas, layers, view) {
  const { context, width, height } = surface(canvas);
  context.imageSmoothingQuality = 'high';
  context.fillStyle = colourOf(canvas, 'ramp-0');
  context.fillRect(0, 0, width, height);
  const scale = width / (view.endS - view.startS);
  for (const { picture, span, isFaint } of layers) {
    context.globalAlpha = isFaint ? 0.35 : 1;
    context.drawImage(picture, (span.startS - view.startS) * scale, 0, (span.endS - span.startS) * scale, height);
  }
  context.globalAlpha = 1;
}

/** @param {{hz: Float32Array, hopS: number, startS: number}} pitch */
export function drawPitch(canvas, pitch, view) {
  const { context, width, height } = surface(canvas);
  const toY = (hz) => height * (1 - Math.log(hz / PITCH_BOTTOM_HZ) / Math.log(PITCH_TOP_HZ / PITCH_BOTTOM_HZ));
  const toX = (timeS) => ((timeS - view.startS) / (view.endS - view.startS)) * width;
  context.font = `11px ${getComputedStyle(canvas).fontFamily}`;
  context.fillStyle = colourOf(canvas, 'line');
  for (const hz of PITCH_LINES_HZ) context.fillRect(0, Math.round(toY(hz)), width, 1);
  context.strokeStyle = colourOf(canvas, 'accent-strong');
  context.lineWidth = 2.5;
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.beginPath();
  let isDown = false;
  pitch.hz.forEach((hz, index) => {
    const x = toX(pitch.startS + index * pitch.hopS + 0.02);
    if (hz > 0 && isDown) context.lineTo(x, toY(hz));
    else if (hz > 0) context.moveTo(x, toY(hz));
    isDown = hz > 0;
  });
  context.stroke();
  for (const hz of PITCH_LINES_HZ) {
    context.textAlign = 'right';
    context.textBaseline = 'top';
    const label = `${hz} Hz`;
    const labelWidth = context.measureText(label).width + 8;
    context.fillStyle = colourOf(canvas, 'card');
    context.fillRect(width - labelWidth, toY(hz) + 1, labelWidth, 15);
    context.fillStyle = colourOf(canvas, 'ink-soft');
    context.fillText(label, width - 5, toY(hz) + 3);
  }
}

/** The newest peaks of a running recording, the latest at the right. @param {number[]} peaks 0 to 1, one a piece */
export function drawTrace(canvas, peaks) {
  const { context, width, height } = surface(canvas);
  const bars = Math.floor(width / 5);
  context.fillStyle = colourOf(canvas, 'ink');
  const warm = colourOf(canvas, 'record');
  const plain = context.fillStyle;
  peaks.slice(-bars).forEach((peak, index, shown) => {
    const tall = Math.max(3, Math.sqrt(peak) * height * 0.94);
    context.fillStyle = peak >= 0.985 ? warm : plain;
    context.beginPath();
    context.roundRect(width - 5 * (shown.length - index), (height - tall) / 2, 3, tall, 1.5);
    context.fill();
  });
}
