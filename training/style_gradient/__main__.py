"""Make the graph that voices are refined with: how the likeness to a person follows from the style, backwards.

    python -m training.style_gradient

Needs the pulled weights, for their names and shapes; the file holds none of them, only where they lie.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from zipfile import ZIP_LZMA, ZipFile, ZipInfo

import onnx
from training.record_digests import SHIPPED, record_digests
from training.style_gradient.builder import Shape
from training.style_gradient.graph import SOURCES, build_gradient_graph

from myna.config import Settings
from myna.engines.kokoro.making.style_gradient import GRAPH_FILE, INPUT_SHAPES

_DTYPES = {onnx.TensorProto.FLOAT: "<f4", onnx.TensorProto.INT8: "i1", onnx.TensorProto.UINT8: "u1"}


def make_graph_file(models: Mapping[str, bytes], inputs: Mapping[str, Shape]) -> bytes:
    """An archive of both graphs and of where the weights lie.

    models: content of the weight files by their names. inputs: shapes of the graph's inputs.
    """
    loaded = {name: onnx.load_model_from_string(content) for name, content in models.items()}
    b, preparation, gradient = build_gradient_graph(loaded, inputs)
    read = {value.name for graph in (preparation.graph, gradient.graph) for value in graph.input}
    places: dict[str, dict[str, object]] = {}
    for name, tensor in b.weights.items():
        if name in read:
            source = name.split(":")[0]
            place = [_DTYPES[tensor.data_type], list(tensor.dims), models[source].index(tensor.raw_data)]
            places.setdefault(source, {})[name] = place
    parts = {
        "preparation.onnx": preparation.SerializeToString(deterministic=True),
        "gradient.onnx": gradient.SerializeToString(deterministic=True),
        "tensors.json": json.dumps(places).encode(),
        "sources.json": json.dumps({name: sha256(content).hexdigest() for name, content in models.items()}).encode(),
    }
    archive = BytesIO()
    with ZipFile(archive, "w", ZIP_LZMA) as zipped:
        for name, content in parts.items():
            zipped.writestr(ZipInfo(name), content, ZIP_LZMA)
    return archive.getvalue()


def main() -> None:
    folder = Settings().weights_dir
    models = {source: (folder / source).read_bytes() for source in SOURCES}
    (SHIPPED / GRAPH_FILE).write_bytes(make_graph_file(models, INPUT_SHAPES))
    record_digests()


if __name__ == "__main__":
    main()
