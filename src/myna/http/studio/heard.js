/** What the server heard in one recording, read from its reply into the terms of the page. */

import { fromBase64 } from './api.js';

/** @typedef {'good'|'fair'|'poor'|'unknown'} Rating */
/** @typedef {{severity: 'error'|'warning'|'info', code: string, text: string, startS: number|null, endS: number|null}} Finding */
/** @typedef {{key: string, value: number|null, rating: Rating}} Figure a key of `strings.listen` */

/**
 * @typedef {object} Heard
 * @property {Uint8Array} wav the part that is used, prepared; empty if nothing was usable
 * @property {string} langCode
 * @property {string} transcript
 * @property {Finding[]} findings worst first
 * @property {Figure[]} figures
 * @property {{startS: number, endS: number}|null} window the part that is used
 * @property {boolean} noiseRemoved
 * @property {boolean} isUsable
 * @property {Rating} rating of the recording as a whole
 */

/** @param {object} sample an entry of `audioSamplesValidated`; the extra fields may be missing @returns {Heard} */
export function readHeard(sample) {
  const findings = [...readNotes(sample.errors, 'error'), ...readNotes(sample.warnings, 'warning'), ...readNotes(sample.notes, 'info')];
  const wav = fromBase64(sample.audioData || '');
  const isUsable = sample.errors.length === 0 && wav.length > 0;
  return {
    wav,
    isUsable,
    findings,
    langCode: sample.langCode || '',
    transcript: sample.transcription || '',
    figures: readFigures(sample.quality ?? {}),
    window: readWindow(sample.quality),
    noiseRemoved: sample.quality?.noiseRemoved ?? false,
    rating: !isUsable ? 'poor' : sample.warnings.length ? 'fair' : 'good',
  };
}

function readNotes(notes, severity) {
  return (notes ?? []).map((note) => ({
    severity,
    code: note.code ?? '',
    text: note.text,
    startS: note.startSeconds ?? null,
    endS: note.endSeconds ?? note.startSeconds ?? null,
  }));
}

function readWindow(quality) {
  const [startS, endS] = [quality?.windowStartSeconds, quality?.windowEndSeconds];
  return Number.isFinite(startS) && Number.isFinite(endS) && endS > startS ? { startS, endS } : null;
}

/** The bounds only choose a word and a colour; the server's findings decide what is wrong. */
function readFigures(quality) {
  const clippedPercent = quality.clippedRatio === undefined || quality.clippedRatio === null ? null : quality.clippedRatio * 100;
  return [
    figure('speech', quality.speechSeconds, atLeast(7, 3)),
    figure('noise', quality.snrDb, atLeast(25, 12)),
    figure('clarity', quality.dnsmosOverall, atLeast(3, 2.3)),
    figure('bandwidth', quality.bandwidthHertz, atLeast(7000, 4200)),
    figure('loudness', quality.loudnessLufs, (lufs) => (lufs > -34 && lufs < -12 ? 'good' : lufs > -45 && lufs < -8 ? 'fair' : 'poor')),
    figure('clipping', clippedPercent, (percent) => (percent < 0.01 ? 'good' : percent < 0.5 ? 'fair' : 'poor')),
    figure('voices', quality.speakerCount || null, (count) => (count <= 1 ? 'good' : 'poor')),
  ];
}

function figure(key, value, rate) {
  const isKnown = typeof value === 'number' && Number.isFinite(value);
  return { key, value: isKnown ? value : null, rating: isKnown ? rate(value) : 'unknown' };
}

function atLeast(good, fair) {
  return (value) => (value >= good ? 'good' : value >= fair ? 'fair' : 'poor');
}
