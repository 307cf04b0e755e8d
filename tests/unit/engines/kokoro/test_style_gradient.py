"""The graph that voices are refined with goes through the decoder that speaks them and the judges that hear them."""

import json
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pytest

from myna.analysis.speakers import CampplusEmbedder
from myna.audio.resample import resample
from myna.domain.waveform import Waveform
from myna.engines.kokoro.graphs import DecoderStyles, KokoroGraphs, ProsodyCurves
from myna.engines.kokoro.making.style_gradient import GRAPH_FILE, StyleGradient
from myna.engines.kokoro.making.voice_practice import STRETCH_FRAMES, Stretch
from myna.engines.kokoro.shipped_file import read_shipped
from myna.engines.kokoro.voice_artifact import unpack_voice
from myna.engines.kokoro.voice_stock import stock_voices
from myna.weights.manifest import load_manifest
from myna.weights.store import WeightStore
from myna.weights.timbre_layers import SHIFT_DIM


def test_the_file_was_made_for_the_weights_of_the_manifest() -> None:
    """It says where in a file each weight begins. If this fails, run `python -m training.style_gradient`."""
    with ZipFile(BytesIO(read_shipped(GRAPH_FILE))) as archive:
        sources = json.loads(archive.read("sources.json"))
    manifest = load_manifest()
    assert {name: frozenset({digest}) for name, digest in sources.items()} == {
        name: file.sha256 for name in sources if (file := manifest.file(name)) is not None
    }


def test_it_hears_what_the_engine_speaks_and_knows_where_that_leads(weights: WeightStore) -> None:
    """Float decoder and integer decoder give judge B the same person; a small step along either gradient pays off."""
    random = np.random.default_rng(0)
    features = random.normal(size=(512, STRETCH_FRAMES)).astype(np.float32)
    curves = ProsodyCurves(np.full(2 * STRETCH_FRAMES, 140, np.float32), np.full(2 * STRETCH_FRAMES, 2, np.float32))
    stretch = Stretch(features, curves.f0_hz, curves.energy)
    style = unpack_voice(stock_voices()[0].artifact).timbre_style
    targets = {"target_a": random.normal(size=256), "target_b": random.normal(size=192)}
    wanted = {name: (value / np.linalg.norm(value)).astype(np.float32) for name, value in targets.items()}
    gradient = StyleGradient(weights)

    shift = 0.02 * random.normal(size=SHIFT_DIM).astype(np.float32)
    styles = DecoderStyles(style, style, shift)
    found = gradient(stretch, styles, **wanted)
    spoken = KokoroGraphs(weights, 1).decode_aligned(features[np.newaxis], curves, styles)
    heard = CampplusEmbedder(weights).embed_windows(resample(Waveform(spoken, 24_000), 16_000).samples[np.newaxis])[0]
    assert found.embedding_b @ heard > 0.9

    # Half of the gain is to come from each gradient: with one of them wrong, its half would be missing.
    slopes = {"timbre": found.gradient, "timbre_shift": found.shift_gradient}
    half = 0.02 * min(np.linalg.norm(slope) for slope in slopes.values())
    moved = {part: getattr(styles, part) - half * slope / (slope @ slope) for part, slope in slopes.items()}
    after = gradient(stretch, replace(styles, **moved), **wanted)
    gain = wanted["target_a"] @ (after.embedding_a - found.embedding_a)
    gain += wanted["target_b"] @ (after.embedding_b - found.embedding_b)
    assert gain == pytest.approx(2 * half, rel=0.3)
