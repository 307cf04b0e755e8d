"""The embedded engine's voice as bytes. That clones are their person's is tested through the API (tests/quality)."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from platformdirs import user_cache_path

from myna.analysis.dnsmos import OpinionModel, OpinionScores
from myna.domain.errors import InvalidRequest, VoiceIncompatible
from myna.domain.language import LangCode
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.kokoro.graphs import KokoroGraphs
from myna.engines.kokoro.phonemes.symbols import Vocabulary
from myna.engines.kokoro.voice_artifact import KokoroVoice, pack_voice, unpack_voice
from myna.engines.kokoro.voice_encoder import VoiceEncoder
from myna.engines.kokoro.voice_stock import stock_voices
from myna.weights.store import WeightStore

SPEAKERS = Path(__file__).parents[2] / "data/speakers"


def test_artifact_survives_a_round_trip_and_refuses_damage() -> None:
    """Unpacking and packing gives the same bytes; cut, foreign or poisoned bytes are refused."""
    artifact = stock_voices()[0].artifact
    assert artifact == pack_voice(unpack_voice(artifact))
    poisoned = artifact[:-4] + np.array([np.nan], dtype="<f4").tobytes()
    for damaged in (artifact[:-1], b"RIFF" + artifact[4:], b"", poisoned):
        with pytest.raises(VoiceIncompatible):
            unpack_voice(damaged)


@pytest.fixture(scope="module")
def encoder() -> VoiceEncoder:
    weights = WeightStore(user_cache_path("myna") / "weights")
    return VoiceEncoder(KokoroGraphs(weights, 1), Vocabulary(weights.path("kokoro/vocab.json")), weights)


@pytest.mark.weights
def test_silence_is_refused(encoder: VoiceEncoder) -> None:
    """There is no voice in silence."""
    silence = Waveform(np.zeros(32_000, dtype=np.float32), 16_000)
    with pytest.raises(InvalidRequest):
        encoder.encode(ReferenceAudio(silence, "", LangCode.EN_US))


@pytest.mark.weights
def test_corrections_bring_a_voice_nearer_until_the_sound_suffers(
    encoder: VoiceEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a sentence not practised. If the third round sounds bad, and the mean of the second, the first is left."""
    recording = SPEAKERS / "ls-2609-reference.flac"
    samples, rate_hz = soundfile.read(recording, dtype="float32")
    heard = encoder.listen(Waveform(samples, rate_hz))
    found, sentences = encoder.look_up(heard, None)

    def likeness(voice: KokoroVoice) -> float:
        return encoder.likeness(encoder.measure(encoder.render(voice, sentences[-1]), None), heard)

    corrected, _ = encoder.correct(found, sentences, heard)
    assert likeness(corrected) > likeness(found) + 0.1
    opinions = iter([3.3, 3.3, 1.8, 1.8, 3.2])
    monkeypatch.setattr(OpinionModel, "score", lambda *_: OpinionScores(next(opinions), 4.0, 4.0))
    stopped, _ = encoder.correct(found, sentences, heard)
    assert next(opinions, None) is None
    whole_way = float(np.linalg.norm(corrected.decoder_style - found.decoder_style))
    assert 0.0 < float(np.linalg.norm(stopped.decoder_style - found.decoder_style)) < 0.5 * whole_way
