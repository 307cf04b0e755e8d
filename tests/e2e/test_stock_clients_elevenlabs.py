"""ElevenLabs' own Python client works with only the base URL changed (elevenlabs.md), against a real server."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.conftest import DATA
from tests.decoded_audio import seconds_of
from tests.live_server import LiveServer

if TYPE_CHECKING:
    import elevenlabs
    from elevenlabs.core import ApiError
else:
    elevenlabs = pytest.importorskip("elevenlabs", reason="the package elevenlabs is not installed (dev extra)")
    from elevenlabs.core import ApiError

SENTENCE = "The tide was low. Two boats lay on the sand."
EXPECTED_S = 0.06 * len(SENTENCE)


@pytest.fixture(scope="module")
def client(tone_server: LiveServer) -> "Iterator[elevenlabs.ElevenLabs]":
    with httpx.Client() as http:  # it never closes one of its own
        yield elevenlabs.ElevenLabs(base_url=tone_server.url, api_key=tone_server.key, httpx_client=http)


def test_it_speaks_whole_and_streamed(client: "elevenlabs.ElevenLabs") -> None:
    """MP3 by default, other formats by their names, its settings, its models."""
    settings = elevenlabs.VoiceSettings(stability=0.4, similarity_boost=0.8, use_speaker_boost=True, speed=1.0)
    whole = client.text_to_speech.convert(
        "Dennis", text=SENTENCE, model_id="eleven_flash_v2_5", voice_settings=settings
    )
    assert seconds_of(b"".join(whole)) == pytest.approx(EXPECTED_S, abs=0.15)
    stream = client.text_to_speech.stream("Dennis", text=SENTENCE, output_format="pcm_24000", language_code="en")
    assert len(b"".join(stream)) / 2 / 24000 == pytest.approx(EXPECTED_S, abs=0.15)


def test_a_voice_is_cloned_listed_and_speaks(client: "elevenlabs.ElevenLabs") -> None:
    """Its instant clone with everything that it can send, and with as little as it can."""
    recording = (DATA / "demo_reference.flac").read_bytes()
    made = client.voices.ivc.create(
        name="For ElevenLabs",
        files=[("a.flac", recording)],
        description="Calm.",
        labels={"accent": "american", "language": "en"},
        remove_background_noise=False,
    )
    assert not made.requires_verification
    voices = {voice.voice_id: voice for voice in client.voices.get_all().voices}
    assert voices["Dennis"].category == "premade"
    shown = client.voices.get(made.voice_id)
    assert shown == voices[made.voice_id]
    found = client.voices.search(voice_type="personal", search="elevenlabs", page_size=5)
    assert ([voice.voice_id for voice in found.voices], found.has_more) == ([made.voice_id], False)
    assert (shown.name, shown.category, shown.labels["accent"]) == ("For ElevenLabs", "cloned", "american")
    spoken = b"".join(client.text_to_speech.convert(made.voice_id, text=SENTENCE))
    assert seconds_of(spoken) == pytest.approx(EXPECTED_S, abs=0.15)
    assert client.voices.delete(made.voice_id).status == "ok"


def test_what_it_asks_at_start_is_there(client: "elevenlabs.ElevenLabs") -> None:
    """Models with their languages, the user, the plan, a history without anything in it."""
    models = {model.model_id: model for model in client.models.list()}
    assert "en" in [language.language_id for language in models["eleven_multilingual_v2"].languages or ()]
    assert client.user.get().subscription.can_use_instant_voice_cloning
    assert client.user.subscription.get().status == "active"
    assert client.history.list().history == []


def test_speech_comes_with_times(client: "elevenlabs.ElevenLabs") -> None:
    """Whole and streamed."""
    whole = client.text_to_speech.convert_with_timestamps("Dennis", text=SENTENCE)
    assert whole.alignment is not None
    assert "".join(whole.alignment.characters) == SENTENCE
    pieces = list(client.text_to_speech.stream_with_timestamps("Dennis", text=SENTENCE))
    assert "".join("".join(piece.alignment.characters) for piece in pieces if piece.alignment) == SENTENCE


@pytest.mark.parametrize(
    ("key", "voice", "code", "status"),
    [("", "NoSuch", 404, "voice_not_found"), ("wrong", "Dennis", 403, "invalid_api_key")],
)
def test_refusals_are_its_own_errors(tone_server: LiveServer, key: str, voice: str, code: int, status: str) -> None:
    """The status, and the word that programs look for."""
    with httpx.Client() as http, pytest.raises(ApiError) as refused:
        client = elevenlabs.ElevenLabs(base_url=tone_server.url, api_key=key or tone_server.key, httpx_client=http)
        list(client.text_to_speech.convert(voice, text=SENTENCE))
    assert (refused.value.status_code, refused.value.body["detail"]["status"]) == (code, status)
