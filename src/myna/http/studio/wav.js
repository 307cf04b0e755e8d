/** 16-bit mono WAV of what the microphone gave. */

const HEADER_BYTES = 44;
const FULL_SCALE = 32767;

/** @param {Float32Array[]} chunks samples in [-1, 1] @returns {Blob} */
export function encodeWav(chunks, rateHz) {
  const numSamples = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + numSamples * 2));
  writeHeader(view, rateHz, numSamples * 2);
  let at = HEADER_BYTES;
  for (const chunk of chunks) {
    for (const sample of chunk) {
      view.setInt16(at, Math.round(Math.max(-1, Math.min(1, sample)) * FULL_SCALE), true);
      at += 2;
    }
  }
  return new Blob([view.buffer], { type: 'audio/wav' });
}

function writeHeader(view, rateHz, numBytes) {
  const ascii = (at, text) => [...text].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  ascii(0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + numBytes, true);
  ascii(8, 'WAVEfmt ');
  view.setUint32(16, 16, true); // bytes of the fmt chunk
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, rateHz, true);
  view.setUint32(28, rateHz * 2, true); // bytes a second
  view.setUint16(32, 2, true); // bytes a frame
  view.setUint16(34, 16, true); // bits a sample
  ascii(36, 'data');
  view.setUint32(40, numBytes, true);
}
