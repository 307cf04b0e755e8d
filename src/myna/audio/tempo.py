"""Speak faster or slower without another pitch: a stream in pieces, stretched by FFmpeg's `atempo`."""

from fractions import Fraction

import av
import numpy as np
from av.filter import Graph

from myna.domain.waveform import Samples

_FEWEST, _MOST = 0.5, 2.0
"""Of one filter: below it refuses, above it skips samples instead of blending them. Source: FFmpeg, `atempo`."""


class TempoChanger:
    """Stretches a stream piece by piece; a tempo of 1 passes it through."""

    def __init__(self, sample_rate_hz: int, tempo: float) -> None:
        """tempo: 2 is twice as fast."""
        self._rate_hz = sample_rate_hz
        self._num_samples = 0
        self._graph = _open_graph(sample_rate_hz, tempo) if tempo != 1.0 else None

    def push(self, samples: Samples) -> Samples:
        """What is ready after these samples; the filter keeps some milliseconds back."""
        if self._graph is None or len(samples) == 0:
            return samples
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples)[np.newaxis], format="flt", layout="mono")
        frame.sample_rate = self._rate_hz
        frame.time_base = Fraction(1, self._rate_hz)
        frame.pts = self._num_samples
        self._num_samples += len(samples)
        self._graph.push(frame)
        return self._pull()

    def finish(self) -> Samples:
        """What the filter kept back."""
        if self._graph is None or not self._num_samples:
            return np.zeros(0, np.float32)
        self._graph.push(None)
        return self._pull()

    def _pull(self) -> Samples:
        assert self._graph is not None
        pieces = [np.zeros(0, np.float32)]
        try:
            while True:
                pieces.append(self._graph.pull().to_ndarray()[0])
        except (av.BlockingIOError, av.EOFError):
            return np.concatenate(pieces)


def _open_graph(sample_rate_hz: int, tempo: float) -> Graph:
    num_filters = 1
    while not _FEWEST <= tempo ** (1 / num_filters) <= _MOST:
        num_filters += 1
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=sample_rate_hz, format="flt", layout="mono", time_base=Fraction(1, sample_rate_hz)
    )
    filters = [graph.add("atempo", f"{tempo ** (1 / num_filters):.6f}") for _ in range(num_filters)]
    graph.link_nodes(source, *filters, graph.add("abuffersink")).configure()
    return graph
