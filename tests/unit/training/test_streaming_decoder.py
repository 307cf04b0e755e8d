"""The graphs that the engine speaks with were made for the weights that are pulled."""

from io import BytesIO
from zipfile import ZipFile

import numpy as np

from myna.engines.kokoro.shipped_file import read_shipped
from myna.engines.kokoro.streaming_decoder import GRAPH_FILE
from myna.engines.kokoro.voice_artifact import unpack_norms
from myna.engines.kokoro.voice_stock import stock_voices
from myna.weights.manifest import load_manifest


def test_the_graphs_are_those_of_the_decoder() -> None:
    """They say where in the file each weight lies, so another file would be noise."""
    with ZipFile(BytesIO(read_shipped(GRAPH_FILE))) as archive:
        source = archive.read("source.txt").decode()
    decoder = load_manifest().file("kokoro/decoder.onnx")
    assert decoder is not None
    assert decoder.sha256 == {source}


def test_the_stock_voices_practised_with_it() -> None:
    """What they carry was measured on the decoder that is pulled."""
    with np.load(BytesIO(read_shipped("stock_norms.npz"))) as tables:
        practised = set(tables["decoder"].tolist())
    decoder = load_manifest().file("kokoro/decoder.onnx")
    assert decoder is not None
    assert decoder.sha256 == practised
    assert all(unpack_norms(stock.artifact) is not None for stock in stock_voices())
