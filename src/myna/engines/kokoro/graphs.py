"""The four graphs of Kokoro-82M (int8, ONNX Runtime) as numpy functions. No text, no voices, no policy.

The graphs, one after the other, are the whole model. Between them the caller decides:

    ids          --encode_text-->        TextEncoding
    + prosody    --predict_durations-->  frames per symbol (not yet rounded), hidden states
                 (scale and round the frames here: this sets the speaking rate)
    + frames     --predict_prosody-->    F0 and energy per half frame
                 (rewrite F0 or energy here: the decoder follows F0 within a few per cent)
    + decoder styles --decode-->         samples

A frame is 25 ms: 600 samples at 24 kHz. Sizes below: T symbols (pads included), F = sum of frames, 2 F half frames.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from myna.analysis.onnx_session import OnnxSession, RunStop
from myna.domain.waveform import Samples
from myna.weights.timbre_layers import SHIFT_DIM

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

SAMPLE_RATE_HZ = 24_000
FRAME_SAMPLES = 600
"""Samples that the decoder makes of one frame of duration: 300 of hop, twice upsampled."""
MAX_SYMBOLS = 510
"""Symbols between the two pads; the text encoder has 512 positions."""
PAD_ID = 0

WEIGHT_NAMES = ("kokoro/text.onnx", "kokoro/duration.onnx", "kokoro/prosody.onnx", "kokoro/decoder.onnx")


class WeightPaths(Protocol):
    """Where weight files are: `myna.weights.WeightStore`, which verifies digests, or a folder in an experiment."""

    def path(self, name: str) -> Path: ...


@dataclass(frozen=True, slots=True, eq=False)
class TextEncoding:
    """What the model makes of the symbols before anybody's voice comes in."""

    embedding: FloatArray
    """[1, T, 512] from the language model; feeds durations and prosody."""
    features: FloatArray
    """[1, 512, T] from the phoneme encoder; feeds the decoder."""


@dataclass(frozen=True, slots=True, eq=False)
class DurationPrediction:
    frames: FloatArray
    """[T] predicted length of each symbol in frames, fractional, before any scaling."""
    hidden: FloatArray
    """[1, T, 640] what pitch and energy are predicted from."""


@dataclass(frozen=True, slots=True, eq=False)
class ProsodyCurves:
    f0_hz: FloatArray
    """[2 F] pitch per half frame (12.5 ms), Hz. The source of the decoder takes values of 10 and below for unvoiced."""
    energy: FloatArray
    """[2 F] energy per half frame, in the model's own unit (about -10 in silence to 10)."""


@dataclass(frozen=True, slots=True, eq=False)
class DecoderStyles:
    """What the decoder's two stages read. The same twice is a voice of the undivided model."""

    articulation: FloatArray
    """[128] of the blocks that shape phones out of symbols, pitch and energy: how clearly."""
    timbre: FloatArray
    """[128] of the generator, which makes sound of them: who."""
    timbre_shift: FloatArray = field(default_factory=lambda: np.zeros(SHIFT_DIM, dtype=np.float32))
    """[18432] added to what the generator's layers read from that (`timbre_layers`)."""


class KokoroGraphs:
    """Four sessions, opened once, the decoder's when first needed. A `stop` pulled ends a run with `RunStopped`."""

    def __init__(self, weights: WeightPaths, num_threads: int) -> None:
        """num_threads: of each session's one pool; idle ones sleep. Raises: WeightsMissing, WeightsCorrupt."""
        *ready, decoder = (weights.path(name) for name in WEIGHT_NAMES)
        self._text, self._duration, self._prosody = (OnnxSession(path, num_threads) for path in ready)
        self._open_decoder = partial(OnnxSession, decoder, num_threads, keeps_memory=False)

    @cached_property
    def _decoder(self) -> OnnxSession:
        """Only voices in the making are heard through it; speech is made by `streaming_decoder`."""
        return self._open_decoder()

    def give_back(self) -> None:
        """What graphs keep for their next runs, those of other engines too, which ask for it anew."""
        self._text.give_back({"tokens": np.full((1, 2), PAD_ID, dtype=np.int64)})

    def encode_text(self, symbol_ids: IntArray, stop: RunStop | None = None) -> TextEncoding:
        """symbol_ids: [T] ids of the vocabulary, a pad (0) first and last, T <= 512."""
        embedding, features = self._text.run(
            {"tokens": symbol_ids[np.newaxis, :]}, ["text_embedding", "text_features"], stop
        )
        return TextEncoding(embedding, features)

    def predict_durations(
        self, text: TextEncoding, prosody_style: FloatArray, stop: RunStop | None = None
    ) -> DurationPrediction:
        """prosody_style: [128]."""
        frames, hidden = self._duration.run(
            {"text_embedding": text.embedding, "prosody_style": _row(prosody_style)},
            ["duration_frames", "prosody_hidden"],
            stop,
        )
        return DurationPrediction(frames[0], hidden)

    def predict_prosody(
        self, hidden: FloatArray, frames: IntArray, prosody_style: FloatArray, stop: RunStop | None = None
    ) -> ProsodyCurves:
        """Pitch and energy. hidden: [1, T, 640]; frames: [T] whole ones per symbol; prosody_style: [128]."""
        aligned = np.repeat(hidden[0], frames, axis=0).T[np.newaxis]
        f0_hz, energy = self._prosody.run(
            {"aligned_hidden": np.ascontiguousarray(aligned), "prosody_style": _row(prosody_style)},
            ["f0_hz", "energy"],
            stop,
        )
        return ProsodyCurves(f0_hz[0], energy[0])

    def decode_aligned(self, aligned_features: FloatArray, curves: ProsodyCurves, styles: DecoderStyles) -> Samples:
        """Deterministic. aligned_features: [1, 512, F], those of `encode_text` repeated for each frame; curves: [2 F]
        each. Returns [600 F] float32, nominally in [-1, 1] but not clipped."""
        samples: Samples = self._decoder.run(decoder_inputs(aligned_features, curves, styles), ["samples"])[0]
        return samples.reshape(-1)


def decoder_inputs(
    aligned_features: FloatArray, curves: ProsodyCurves, styles: DecoderStyles
) -> Mapping[str, FloatArray]:
    """What the decoder's graphs read, by their names for it."""
    return {
        "aligned_features": aligned_features,
        "f0_hz": curves.f0_hz[np.newaxis, :],
        "energy": curves.energy[np.newaxis, :],
        "articulation_style": _row(styles.articulation),
        "timbre_style": _row(styles.timbre),
        "timbre_shift": _row(styles.timbre_shift),
    }


_LONGEST_STRETCHED = 8.0
"""Frames: 0.2 s. Nobody who speaks slowly holds the end of "Run!" for 0.6 s; the model does, and breathes into it."""


def round_frames(frames: FloatArray, scale: float = 1.0) -> IntArray:
    """Whole frames per symbol, at least one, as the undivided model rounds them. scale: above 1 speaks slower."""
    whole: IntArray = np.maximum(np.rint(stretch_frames(frames, scale)), 1.0).astype(np.int64)
    return whole


def stretch_frames(frames: FloatArray, scale: float) -> FloatArray:
    """At another pace: the long (ends of phrases, pauses) is not made longer, the short not past 0.2 s."""
    return np.asarray(np.minimum(frames * scale, np.maximum(frames, _LONGEST_STRETCHED)), dtype=np.float32)


def _row(style: FloatArray) -> FloatArray:
    return np.ascontiguousarray(style, dtype=np.float32).reshape(1, -1)
