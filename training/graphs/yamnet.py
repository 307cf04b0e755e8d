"""YAMNet: takes the graph and its weights out of the archive they come in and writes them as one file."""

import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import onnx
from onnx import TensorProto

_MAX_PART_BYTES = 32 * 2**20


def convert_yamnet(sources: Sequence[Path], target: Path) -> None:
    """Put the weights that lie beside the graph into it; nothing else of the graph is touched.

    Raises: ValueError if the archive does not hold one graph and the file that its weights point to.
    """
    with zipfile.ZipFile(sources[0]) as archive:
        parts = {PurePosixPath(info.filename).name: info for info in archive.infolist() if not info.is_dir()}
        if any(info.file_size > _MAX_PART_BYTES for info in parts.values()) or "model.onnx" not in parts:
            raise ValueError("the archive does not hold YAMNet")
        model = onnx.load_model_from_string(archive.read(parts["model.onnx"]))
        weights = archive.read(parts["model.data"]) if "model.data" in parts else b""
    for tensor in model.graph.initializer:
        if tensor.data_location != TensorProto.EXTERNAL:
            continue
        place = {entry.key: entry.value for entry in tensor.external_data}
        start, length = int(place.get("offset", 0)), int(place["length"])
        if place["location"] != "model.data" or start + length > len(weights):
            raise ValueError("the weights of the graph are not all there")
        del tensor.external_data[:]
        tensor.data_location = TensorProto.DEFAULT
        tensor.raw_data = weights[start : start + length]
    target.write_bytes(model.SerializeToString(deterministic=True))
