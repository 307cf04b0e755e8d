"""What recordings and texts of ever other lengths leave in the C library's heap."""

import ctypes
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pytest

from myna.analysis.transcribe import SpeechRecogniser
from myna.domain.waveform import Waveform
from myna.engines.kokoro.graphs import KokoroGraphs
from myna.weights.store import WeightStore

_MEBIBYTE = 1024 * 1024
_COUNTS = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
    *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
)


class _HeapState(ctypes.Structure):
    """`struct mallinfo2` of glibc 2.33."""

    _fields_: ClassVar = [(name, ctypes.c_size_t) for name in _COUNTS]


def _growth_bytes(work: Callable[[int], object], numbers: range) -> int:
    """By how much more is in use after all of them than after the first, the largest."""
    look = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if look is None:
        pytest.skip("only glibc tells what is in use")
    look.restype = _HeapState
    work(numbers[0])
    before = look()
    for number in numbers[1:]:
        work(number)
    after = look()
    return int(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd)


def test_the_recogniser_keeps_nothing_for_each_length(weights: WeightStore) -> None:
    """A megabyte each by oneDNN's own setting, so that a server grew with every clone."""
    recogniser = SpeechRecogniser(weights.path("whisper-base/model.bin").parent)

    def hear(number: int) -> None:
        recogniser.detect_language(Waveform(np.zeros(1600 * number, np.float32), 16_000))

    assert _growth_bytes(hear, range(16, 4, -1)) < 6 * _MEBIBYTE


def test_a_graph_keeps_nothing_for_each_length(weights: WeightStore) -> None:
    """Ten kilobytes each with ONNX Runtime's memory patterns."""
    graphs = KokoroGraphs(weights, 1)
    assert _growth_bytes(lambda number: graphs.encode_text(np.arange(number)), range(101, 1, -1)) < 0.4 * _MEBIBYTE
