"""The graphs that the engine speaks with were made for the weights that are pulled."""

from io import BytesIO
from zipfile import ZipFile

import numpy as np
import onnx

from myna.engines.kokoro.shipped_file import read_shipped
from myna.engines.kokoro.streaming_decoder import GRAPH_FILES
from myna.engines.kokoro.voice_artifact import unpack_norms
from myna.engines.kokoro.voice_stock import stock_voices
from myna.weights.manifest import load_manifest


def test_the_graphs_are_those_of_the_decoder() -> None:
    """They say where in the file each weight lies, so another file would be noise."""
    decoder = load_manifest().file("kokoro/decoder.onnx")
    assert decoder is not None
    for graph_file in GRAPH_FILES.values():
        with ZipFile(BytesIO(read_shipped(graph_file))) as archive:
            source = archive.read("source.txt").decode()
        assert decoder.sha256 == {source}


def test_a_graphics_card_gets_floats_and_computes_what_counts() -> None:
    """No operator of its graphs works on bytes, but for the weights' own, once, when a graph is opened."""
    with ZipFile(BytesIO(read_shipped(GRAPH_FILES["cuda"]))) as archive:
        graphs = [onnx.load_from_string(archive.read(f"{name}.onnx")).graph for name in ("shape", "sound")]
    kinds = {node.op_type for graph in graphs for node in graph.node}
    assert {"Conv", "ConvTranspose", "MatMul"} <= kinds
    assert not [kind for kind in kinds if "Integer" in kind or "Quant" in kind or "LSTM" in kind]


def test_what_a_norm_reads_is_forgotten_before_the_next_ones_are_made() -> None:
    """In the order in which the practice graph is written, and run: else it needs a gigabyte for three seconds."""
    with ZipFile(BytesIO(read_shipped(GRAPH_FILES["cpu"]))) as archive:
        nodes = list(onnx.load_from_string(archive.read("practice.onnx")).graph.node)
    places = {name: place for place, node in enumerate(nodes) for name in node.output}
    last_read = [place for name, place in places.items() if name.startswith("centred")]
    kept = [range(places[nodes[place].input[0]], place + 1) for place in last_read]
    assert len(kept) == 48
    assert max(sum(place in span for span in kept) for place in range(len(nodes))) <= 3


def test_the_stock_voices_practised_with_it() -> None:
    """What they carry was measured on the decoder that is pulled."""
    with np.load(BytesIO(read_shipped("stock_norms.npz"))) as tables:
        practised = set(tables["decoder"].tolist())
    decoder = load_manifest().file("kokoro/decoder.onnx")
    assert decoder is not None
    assert decoder.sha256 == practised
    assert all(unpack_norms(stock.artifact) is not None for stock in stock_voices())
