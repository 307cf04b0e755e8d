"""The colour of each kind of sound: how a person's vowels, nasals and hisses differ from the voice's.

One equaliser for everything follows the microphone; how it differs from one kind of sound to the next is the person.
The voice reads what is said in the recording, both are laid beside each other frame by frame (dynamic time warping,
Sakoe and Chiba 1978), and each kind of sound keeps its mean difference, less what all have in common. To filter by a
difference of spectra is Kobayashi and Toda's voice conversion (2018), with means of phones in place of a mixture.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import fft

from myna.audio.convolve import convolve_same
from myna.audio.mel import frames_of, hann
from myna.domain.waveform import Samples
from myna.engines.kokoro.graphs import SAMPLE_RATE_HZ, IntArray
from myna.engines.kokoro.speech_timing import symbol_spans
from myna.engines.kokoro.timbre_eq import band_weights, equalizer_taps
from myna.engines.kokoro.voice_artifact import NUM_EQ_BANDS, NUM_PHONE_KINDS, FloatArray

_Levels = npt.NDArray[np.float64]

_FAMILIES: tuple[tuple[str, ...], ...] = (
    ("iɨ", "ɪᵻ", "eɛœø", "æa", "ɑɒ", "ʌɐ", "əɚᵊɜɝ", "ɔo", "ʊuɯy", "AYʏ", "IWOQ"),
    ("mnŋɲ", "lʎɫ", "ɹrɾʁɻ", "wjɥɰ"),
    ("szʃʒʂʐɕʑçʧʤʦʨʣʥꭧ", "fθvðhβɸxɣ"),
)
"""Vowels, sonorants, hisses; not stops, whose closures a recording's noise would fill. A kind of which little was heard
leans on its family, and that on no change.
"""
_KINDS = [kind for family in _FAMILIES for kind in family]
_KIND_OF = {symbol: index for index, kind in enumerate(_KINDS) for symbol in kind}
_RATE_HZ, _HOP_S, _WINDOW = 16_000, 0.01, 512
_BELIEF_FRAMES = 20
"""So many frames (.2 s) of a kind weigh as much as what was believed of it before."""
_AUDIBLE_DB = -35.0
"""Below the loud level (the 90th percentile): quieter frames are the room's or the closure's."""
_MOST_DB = 8.0
_NUM_TAPS = 255
_MOST_TIMES = 3
"""As long as the other, or shorter by so much: then one does not say what the other says."""
_EDGE_S = 0.03


def learn_phone_colour(spoken: Samples, symbols: str, frames: IntArray, recording: Samples) -> FloatArray:
    """[17, 32] dB at `BAND_HZ` by which each kind of sound is to be changed, at most 8.

    spoken: the voice's own reading of what is said in the recording, both [num_samples] at 16 kHz. symbols: [T - 2]
    without pads; frames: [T] with them.
    """
    if not 1 / _MOST_TIMES < len(spoken) / len(recording) < _MOST_TIMES:
        return np.zeros((NUM_PHONE_KINDS, NUM_EQ_BANDS), dtype=np.float32)
    own, wanted = _levels_db(spoken), _levels_db(recording)
    pairs = _warp(_articulation(own), _articulation(wanted))
    loudness = _loudness_db(own)[pairs[:, 0]], _loudness_db(wanted)[pairs[:, 1]]
    pairs = pairs[np.minimum(*loudness) > _AUDIBLE_DB]
    difference = wanted[pairs[:, 1]] - own[pairs[:, 0]]
    difference -= difference.mean(axis=0) if len(pairs) else 0.0
    kinds = _kinds_at(symbols, frames, len(own))[pairs[:, 0]]
    curves, first = [], 0
    for family in _FAMILIES:
        members = range(first, first + len(family))
        first += len(family)
        common = _believe(difference[np.isin(kinds, members)], np.zeros(NUM_EQ_BANDS))
        curves += [_believe(difference[kinds == member], common) for member in members]
    return np.clip(curves, -_MOST_DB, _MOST_DB).astype(np.float32)


def colour_taps(colour_db: FloatArray) -> FloatArray:
    """[17, 255]: what is added to each kind of sound, as filters. colour_db: [17, 32]."""
    taps = np.stack([equalizer_taps(curve, _NUM_TAPS) for curve in colour_db])
    taps[:, _NUM_TAPS // 2] -= 1.0
    return taps


def colour_phones(samples: Samples, symbols: str, frames: IntArray, taps: FloatArray, first_sample: int = 0) -> Samples:
    """samples: [num_samples] at 24 kHz, from the first given of what was said. Returns as many. A sample depends on
    those within 5 ms."""
    coloured = samples.copy()
    rise = _rise()
    reach, half = len(rise) // 2, _NUM_TAPS // 2
    padded = np.pad(samples, half)
    for symbol, start, end in symbol_spans(symbols, frames, SAMPLE_RATE_HZ, first_sample):
        kind = _KIND_OF.get(symbol)
        first, last = max(0, start - reach), min(len(samples), end + reach)
        if kind is None or first >= last:
            continue
        steps = np.arange(first, last) + reach
        share = rise[np.clip(steps - start, 0, len(rise) - 1)] - rise[np.clip(steps - end, 0, len(rise) - 1)]
        added = convolve_same(padded[first : last + 2 * half], taps[kind])[half:-half]
        coloured[first:last] += (share * added).astype(np.float32)
    return coloured


@cache
def _rise() -> FloatArray:
    """[721] how a sound's colour sets in, 0 to 1."""
    edge = np.hanning(round(_EDGE_S * SAMPLE_RATE_HZ) + 2)[1:-1]
    return np.concatenate([[0.0], np.cumsum(edge / edge.sum())]).astype(np.float32)


def _kinds_at(symbols: str, frames: IntArray, num_steps: int) -> IntArray:
    """[num_steps] the kind that is heard every 10 ms, -1 for none."""
    kinds = np.full(num_steps, -1)
    for symbol, start, end in symbol_spans(symbols, frames, round(1 / _HOP_S)):
        kinds[start:end] = _KIND_OF.get(symbol, -1)
    return kinds


def _levels_db(samples: Samples) -> _Levels:
    """[num_steps, 32]"""
    frames = frames_of(np.pad(samples, _WINDOW // 2), _WINDOW)
    power = np.abs(fft.rfft(frames * hann(_WINDOW), axis=1)) ** 2
    return np.asarray(10.0 * np.log10(power @ _weights().T + 1e-9))


@cache
def _weights() -> _Levels:
    return band_weights(_WINDOW // 2 + 1, _RATE_HZ)


def _loudness_db(levels: _Levels) -> _Levels:
    loudest = levels.max(axis=1)
    return np.asarray(loudest - np.percentile(loudest, 90))


def _articulation(levels: _Levels) -> _Levels:
    """[num_steps, 28] what does not tell voices apart: cepstra and their slopes, as far from their mean as usual."""
    audible = _loudness_db(levels) > _AUDIBLE_DB
    cepstra = fft.dct(levels, axis=1, norm="ortho")[:, :14]
    cepstra = (cepstra - cepstra[audible].mean(axis=0)) / (cepstra[audible].std(axis=0) + 1e-6)
    cepstra[:, 0] *= 0.5
    return np.hstack([cepstra, 1.5 * np.gradient(cepstra, axis=0)])


def _warp(own: _Levels, wanted: _Levels) -> IntArray:
    """[num_pairs, 2] steps of both that belong together, in order, from the first to the last of both."""
    distance = (own**2).sum(axis=1)[:, None] + (wanted**2).sum(axis=1) - 2.0 * own @ wanted.T
    height, width = distance.shape
    total = np.full((height + 1, width + 1), np.inf)
    total[0, 0] = 0.0
    for diagonal in range(height + width - 1):  # all cells of one are free to be computed at once
        rows = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        columns = diagonal - rows
        before = np.minimum(total[rows, columns], np.minimum(total[rows, columns + 1], total[rows + 1, columns]))
        total[rows + 1, columns + 1] = before + distance[rows, columns]
    row, column = height, width
    pairs = []
    while row and column:
        pairs.append((row - 1, column - 1))
        steps = ((row - 1, column - 1), (row - 1, column), (row, column - 1))
        row, column = min(steps, key=lambda step: float(total[step]))
    return np.array(pairs[::-1])


def _believe(differences: _Levels, before: _Levels) -> _Levels:
    """[32] the mean of [num, 32], as far as enough was heard."""
    return np.asarray((differences.sum(axis=0) + _BELIEF_FRAMES * before) / (len(differences) + _BELIEF_FRAMES))


assert len(_KINDS) == NUM_PHONE_KINDS
