"""ElevenLabs' own Python client works with only the base URL changed (elevenlabs.md), against a real server."""

import asyncio
import base64
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import websockets
from tests.conftest import DATA
from tests.contract.http_service import serve, wav_bytes
from tests.decoded_audio import seconds_of
from tests.live_server import LiveServer
from tests.tls_certificate import write_certificate
from websockets.sync.client import connect

if TYPE_CHECKING:
    import elevenlabs
    from elevenlabs import realtime, types
    from elevenlabs.core import ApiError
else:
    elevenlabs = pytest.importorskip("elevenlabs", reason="the package elevenlabs is not installed (dev extra)")
    from elevenlabs import realtime, types
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


@pytest.mark.filterwarnings("ignore:ConnectionClosed:DeprecationWarning")  # the client asks the old way
async def test_its_sockets_are_served_with_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """wss, which the client insists on: speech as its text comes, several contexts, and Scribe."""
    identity = write_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(identity))
    async with serve(certificate=identity) as service:
        await asyncio.to_thread(check_realtime, service.base_url, service.read_key)
        await asyncio.to_thread(check_contexts, service.base_url, service.read_key)
        async with httpx.AsyncClient() as http:  # it never closes one of its own
            client = elevenlabs.AsyncElevenLabs(base_url=service.base_url, api_key=service.read_key, httpx_client=http)
            await check_scribe(client)


def check_realtime(url: str, key: str) -> None:
    """Word by word."""
    with httpx.Client() as http:
        client = elevenlabs.ElevenLabs(base_url=url, api_key=key, httpx_client=http)
        words = (f"{word} " for word in SENTENCE.split())
        spoken = client.text_to_speech.convert_realtime(
            "Dennis", text=words, model_id="eleven_flash_v2_5", output_format="pcm_16000"
        )
        assert len(b"".join(spoken)) / 2 / 16000 == pytest.approx(EXPECTED_S, abs=0.3)
        with pytest.raises(ApiError, match="voice_not_found"):
            list(client.text_to_speech.convert_realtime("NoSuch", text=iter(["Hm."])))


def check_contexts(url: str, key: str) -> None:
    """With the client's own messages, which is all that it has for this socket."""
    url = url.replace("https", "wss", 1) + "/v1/text-to-speech/Dennis/multi-stream-input?output_format=pcm_16000"
    spoken = {"a": 0, "b": 0}
    tls = ssl.create_default_context()
    with connect(url, ssl=tls, additional_headers={"xi-api-key": key}, open_timeout=60) as socket:
        said: list[Any] = [types.InitializeConnectionMulti(context_id="a")]
        said += [types.SendTextMulti(text=SENTENCE + " ", context_id=name, flush=True) for name in spoken]
        said += [types.CloseContext(context_id=name, close_context=True) for name in spoken]
        for message in said:
            socket.send(message.model_dump_json(by_alias=True, exclude_none=True))
        ended = 0
        while ended < len(spoken):
            heard = socket.recv(60)
            if '"isFinal":true' in heard.replace(" ", ""):
                ended += types.FinalOutputMulti.model_validate_json(heard).context_id in spoken
            else:
                piece = types.AudioOutputMulti.model_validate_json(heard)
                spoken[str(piece.context_id)] += len(base64.b64decode(piece.audio))
        socket.send(types.CloseSocket(close_socket=True).model_dump_json(exclude_none=True))
        with pytest.raises(websockets.ConnectionClosedOK):
            socket.recv(60)
    assert [num_bytes / 2 / 16000 for num_bytes in spoken.values()] == pytest.approx([EXPECTED_S] * 2, abs=0.3)


async def check_scribe(client: "elevenlabs.AsyncElevenLabs") -> None:
    """As it is spoken into the socket, and as a file."""
    connection = await client.speech_to_text.realtime.connect(
        {
            "model_id": "scribe_v2_realtime",
            "audio_format": realtime.AudioFormat.PCM_16000,
            "sample_rate": 16000,
            "language_code": "eng",
            "include_timestamps": True,
        }
    )
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    connection.on(realtime.RealtimeEvents.COMMITTED_TRANSCRIPT_WITH_TIMESTAMPS, told.put_nowait)
    connection.on(realtime.RealtimeEvents.ERROR, told.put_nowait)
    hum = wav_bytes(2.0, rate_hz=16000)
    await connection.send({"audio_base_64": base64.b64encode(hum[44:]).decode()})
    await connection.commit()
    heard = await asyncio.wait_for(told.get(), 60)
    await connection.close()
    assert types.CommittedTranscriptWithTimestampsPayload(**heard).text == "Salt & pepper."
    whole = await client.speech_to_text.convert(model_id="scribe_v1", file=hum, language_code="eng", keyterms=["Salt"])
    assert [word.text for word in whole.words][:3] == ["Salt", " ", "&"]
