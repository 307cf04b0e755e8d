"""The embedded engine's voice as bytes. That clones are their person's is tested through the API (tests/quality)."""

import numpy as np
import pytest
from platformdirs import user_cache_path

from myna.domain.errors import InvalidRequest, VoiceIncompatible
from myna.domain.language import LangCode
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.kokoro.graphs import KokoroGraphs
from myna.engines.kokoro.phonemes.symbols import Vocabulary
from myna.engines.kokoro.voice_artifact import pack_voice, unpack_voice
from myna.engines.kokoro.voice_encoder import VoiceEncoder
from myna.engines.kokoro.voice_stock import stock_voices
from myna.weights.store import WeightStore


def test_artifact_survives_a_round_trip_and_refuses_damage() -> None:
    """Unpacking and packing gives the same bytes; cut, foreign or poisoned bytes are refused."""
    artifact = stock_voices()[0].artifact
    assert artifact == pack_voice(unpack_voice(artifact))
    poisoned = artifact[:-4] + np.array([np.nan], dtype="<f4").tobytes()
    for damaged in (artifact[:-1], b"RIFF" + artifact[4:], b"", poisoned):
        with pytest.raises(VoiceIncompatible):
            unpack_voice(damaged)


@pytest.mark.weights
def test_silence_is_refused() -> None:
    """There is no voice in silence."""
    weights = WeightStore(user_cache_path("myna") / "weights")
    encoder = VoiceEncoder(KokoroGraphs(weights, 1), Vocabulary(weights.path("kokoro/vocab.json")), weights)
    silence = Waveform(np.zeros(32_000, dtype=np.float32), 16_000)
    with pytest.raises(InvalidRequest):
        encoder.encode(ReferenceAudio(silence, "", LangCode.EN_US))
