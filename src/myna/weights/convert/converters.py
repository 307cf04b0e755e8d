"""The converters by the names that the manifest gives them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from myna.weights.convert.campplus import convert_campplus
from myna.weights.convert.ge2e import convert_ge2e
from myna.weights.convert.join import join
from myna.weights.convert.kokoro import kokoro_part
from myna.weights.convert.perth import convert_perth
from myna.weights.convert.segmentation import convert_segmentation
from myna.weights.convert.yamnet import convert_yamnet

Converter = Callable[[Sequence[Path], Path], None]
"""Reads the sources in order, writes the target. Deterministic: the digest of the target is pinned."""

CONVERTERS: Mapping[str, Converter] = {
    "join": join,
    "kokoro-text": kokoro_part("text"),
    "kokoro-duration": kokoro_part("duration"),
    "kokoro-prosody": kokoro_part("prosody"),
    "kokoro-decoder": kokoro_part("decoder"),
    "ge2e": convert_ge2e,
    "campplus": convert_campplus,
    "segmentation": convert_segmentation,
    "yamnet": convert_yamnet,
    "perth": convert_perth,
}
