"""The decoder in two graphs, so that sound can be had before a whole segment is computed.

    features, curves, styles --shape--> Shape      all of a segment, a tenth of the work
    a stretch of the Shape   --sound--> samples    the generator, its norms fixed

What the norms are fixed to is measured once, while the voice says something that nobody hears.
In `sound` nothing looks at the whole segment: a stretch, computed with what the convolutions reach on either side, is
bit for bit what it is in the whole. Made by `training/streaming_decoder.py`; ships without weights, which ONNX Runtime
maps from `kokoro/decoder.onnx` (decision 17).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import numpy as np

from myna.analysis.onnx_session import OnnxSession, RunStop
from myna.domain.waveform import Samples
from myna.engines.kokoro.graphs import (
    DecoderStyles,
    FloatArray,
    ProsodyCurves,
    WeightPaths,
    decoder_inputs,
)
from myna.engines.kokoro.norm_statistics import NormStatistics
from myna.engines.kokoro.shipped_file import read_shipped

GRAPH_FILES = {"cpu": "streaming_decoder.zip", "cuda": "streaming_decoder_float.zip"}
"""By device: processors multiply bytes fastest, graphics cards have no kernels for these products."""
_SHAPE_OUTPUTS = ["upsampled", "source", "gains", "offsets"]
_EPSILON = 1e-5
"""Of the norms."""
STEP_SAMPLES = 30
"""The generator's first stage makes a step of 1.25 ms, its second six times as many."""
_SOURCE_STEPS = 6
_INNER_REACH_STEPS = 22
"""How far the second stage sees: kernels of eleven, three times dilated, once in the source's block and once behind."""
_OUTER_REACH_STEPS = 88
"""How much further the first stage sees. With less than either, samples differ by up to .03."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What the generator starts from. n steps of 30 samples."""

    upsampled: FloatArray
    """[1, 256, n]"""
    source: FloatArray
    """[1, 22, 6 n + 1] spectrum and phase of the pitch source."""
    scales: FloatArray
    """[9216] what each norm of the generator multiplies by."""
    shifts: FloatArray
    """[9216] what it then adds."""

    @property
    def num_samples(self) -> int:
        return STEP_SAMPLES * int(self.upsampled.shape[2])


class StreamingDecoder:
    """Three graphs over one weight file; that of practice is opened when a voice has to, and for the processor."""

    def __init__(self, weights: WeightPaths, num_threads: int, device: str = "cpu", graph_file: str = "") -> None:
        """device: a key of `GRAPH_FILES`. graph_file: another than its own. Raises: WeightsMissing, WeightsCorrupt,
        DeviceUnavailable."""
        self._folder = weights.path("kokoro/decoder.onnx").parent.parent
        self._num_threads = num_threads
        self._shape, self._sound = (
            self._open(name, graph_file or GRAPH_FILES[device], device=device) for name in ("shape", "sound")
        )

    def _open(self, name: str, graph_file: str, **options: Any) -> OnnxSession:
        with ZipFile(BytesIO(read_shipped(graph_file))) as archive:
            graph = archive.read(f"{name}.onnx")
        return OnnxSession(graph, self._num_threads, weights_folder=self._folder, **options)

    def practise(self, sentences: Iterable[tuple[FloatArray, ProsodyCurves]], styles: DecoderStyles) -> NormStatistics:
        """Measure a voice's norms while it says some sentences (features and curves as for `shape`); each counts the
        same, since statistics of short ones hold more silence."""
        practice = self._open("practice", GRAPH_FILES["cpu"], keeps_memory=False, runs_as_written=True)
        means, squares = [], []
        for aligned_features, curves in sentences:
            inputs = decoder_inputs(aligned_features, curves, styles)
            upsampled, source = self._shape.run(inputs, _SHAPE_OUTPUTS[:2])
            timbre = {name: value for name, value in inputs.items() if name.startswith("timbre")}
            mean, variance = practice.run({"upsampled": upsampled, "source": source, **timbre}, ["mean", "variance"])
            means.append(mean)
            squares.append(variance + mean**2)
        mean = np.mean(means, axis=0)
        deviation = np.sqrt(np.mean(squares, axis=0) - mean**2 + _EPSILON)
        return NormStatistics(mean.astype(np.float16), deviation.astype(np.float16))

    def shape(
        self,
        aligned_features: FloatArray,
        curves: ProsodyCurves,
        styles: DecoderStyles,
        norms: NormStatistics,
        stop: RunStop | None = None,
    ) -> Shape:
        """All of a segment. Inputs as for `KokoroGraphs.decode_aligned`; n = 20 F."""
        inputs = decoder_inputs(aligned_features, curves, styles)
        upsampled, source, gains, offsets = self._shape.run(inputs, _SHAPE_OUTPUTS, stop)
        scales = np.asarray(gains / norms.deviation, dtype=np.float32)
        return Shape(upsampled, source, scales, np.asarray(offsets - norms.mean * scales, dtype=np.float32))

    def sound(self, shape: Shape, first: int, end: int, stop: RunStop | None = None) -> Samples:
        """Samples `first` to `end` of a segment, both multiples of 30: float32 at 24 kHz, nominally in [-1, 1]."""
        num_steps = shape.upsampled.shape[2]
        inner_first = max(0, first // STEP_SAMPLES - _INNER_REACH_STEPS)
        inner_end = min(num_steps, end // STEP_SAMPLES + _INNER_REACH_STEPS)
        outer_first, outer_end = (
            max(0, inner_first - _OUTER_REACH_STEPS),
            min(num_steps, inner_end + _OUTER_REACH_STEPS),
        )
        inputs = {
            "upsampled": np.ascontiguousarray(shape.upsampled[:, :, outer_first:outer_end]),
            "source": _source_of(shape, outer_first, outer_end),
            "inner_source": _source_of(shape, inner_first, inner_end),
            "inner": np.array([inner_first - outer_first, inner_end - outer_first]),
            "scales": shape.scales,
            "shifts": shape.shifts,
        }
        samples: Samples = self._sound.run(inputs, ["samples"], stop)[0].reshape(-1)
        start = first - STEP_SAMPLES * inner_first
        return samples[start : start + end - first]


def _source_of(shape: Shape, first: int, end: int) -> FloatArray:
    return np.ascontiguousarray(shape.source[:, :, _SOURCE_STEPS * first : _SOURCE_STEPS * end + 1])
