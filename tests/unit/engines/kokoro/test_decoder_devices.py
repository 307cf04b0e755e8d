"""The decoder for graphics cards says what the one for processors says. Its graphs are run on the processor here."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from tests.hot_path_work import SYMBOLS

from myna.analysis.speakers import CampplusEmbedder
from myna.audio.resample import resample
from myna.config import Settings
from myna.domain.errors import DeviceUnavailable
from myna.domain.waveform import Waveform
from myna.engines.kokoro.graphs import KokoroGraphs, ProsodyCurves, round_frames
from myna.engines.kokoro.phonemes.symbols import WEIGHT_NAME, Vocabulary
from myna.engines.kokoro.streaming_decoder import GRAPH_FILES, StreamingDecoder
from myna.engines.kokoro.timbre_space import load_timbre_space
from myna.engines.kokoro.voice_artifact import unpack_norms, unpack_voice
from myna.engines.kokoro.voice_stock import stock_voices
from myna.parts import build_engine
from myna.weights.store import WeightStore


def test_floats_and_bytes_speak_alike(weights: WeightStore) -> None:
    """As loud within half a decibel, the same person to a judge, as bright; and in stretches as in one go."""
    artifact = stock_voices()[0].artifact
    voice, norms = unpack_voice(artifact), unpack_norms(artifact)
    assert norms is not None
    graphs = KokoroGraphs(weights, 1)
    text = graphs.encode_text(Vocabulary(weights.path(WEIGHT_NAME)).encode(SYMBOLS))
    durations = graphs.predict_durations(text, voice.prosody_style)
    frames = round_frames(durations.frames, voice.duration_scale)
    predicted = graphs.predict_prosody(durations.hidden, frames, voice.prosody_style)
    curves = ProsodyCurves(voice.move_pitch(predicted.f0_hz), predicted.energy)
    aligned, styles = np.repeat(text.features, frames, axis=2), load_timbre_space().styles(voice)
    spoken = []
    for graph_file in GRAPH_FILES.values():
        decoder = StreamingDecoder(weights, 1, graph_file=graph_file)
        shape = decoder.shape(aligned, curves, styles, norms)
        spoken.append(decoder.sound(shape, 0, shape.num_samples))
    np.testing.assert_allclose(decoder.sound(shape, 12_000, 36_000), spoken[-1][12_000:36_000], atol=1e-3)
    by_bytes, by_floats = spoken
    assert abs(20 * np.log10(by_floats.std() / by_bytes.std())) < 0.5
    assert np.sqrt(np.mean((_bands_db(by_floats) - _bands_db(by_bytes)) ** 2)) < 1.0
    judge = CampplusEmbedder(weights)
    heard = [judge.embed(resample(Waveform(samples, 24_000), 16_000)) for samples in spoken]
    assert heard[0] @ heard[1] > 0.95


@pytest.mark.skipif("CUDAExecutionProvider" in ort.get_available_providers(), reason="there may be a card")
async def test_a_start_without_a_card_is_refused(weights_dir: Path, tmp_path: Path) -> None:
    """From the setting to the graphs: nothing speaks on the processor in its place."""
    settings = Settings(engine="kokoro", device="cuda", weights_dir=weights_dir, data_dir=tmp_path)
    client = build_engine(settings)
    try:
        with pytest.raises(DeviceUnavailable, match="onnxruntime-gpu"):
            await client.start()
        assert not client.is_ready
    finally:
        await client.close()


def _bands_db(samples: np.ndarray) -> np.ndarray:
    """[24] energy of bands of 500 Hz."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    return 10 * np.log10([band.sum() for band in np.array_split(power, 24)])
