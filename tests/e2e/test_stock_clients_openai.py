"""OpenAI's own client works with only the base URL changed (wire-contract.md#openai), against a real server."""

import base64
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from tests.conftest import DATA
from tests.decoded_audio import seconds_of
from tests.live_server import LiveServer

from myna.client import Client, Sample

if TYPE_CHECKING:
    import openai
else:
    openai = pytest.importorskip("openai", reason="the package openai is not installed (dev extra)")

SENTENCE = "The tide was low. Two boats lay on the sand."
EXPECTED_S = 0.06 * len(SENTENCE)


@pytest.fixture(scope="module")
def client(tone_server: LiveServer) -> Iterator["openai.OpenAI"]:
    with openai.OpenAI(base_url=tone_server.url + "/v1", api_key=tone_server.key, max_retries=0) as client:
        yield client


def speak(client: "openai.OpenAI", **options: Any) -> bytes:
    wanted = {"model": "inworld-tts-2", "voice": "Dennis", "input": SENTENCE} | options
    return client.audio.speech.create(**wanted).read()


@pytest.mark.parametrize("response_format", ["mp3", "opus", "flac", "wav"])
def test_every_format_is_a_file(client: "openai.OpenAI", response_format: str) -> None:
    """A decoder finds as much sound as the sentence has."""
    assert seconds_of(speak(client, response_format=response_format)) == pytest.approx(EXPECTED_S, abs=0.15)


def test_pcm_is_24_khz_without_a_header(client: "openai.OpenAI") -> None:
    """As OpenAI documents `pcm`: 24 kHz, 16 bit, mono."""
    audio = speak(client, response_format="pcm")
    assert not audio.startswith(b"RIFF")
    assert len(audio) / 2 / 24000 == pytest.approx(EXPECTED_S, abs=0.15)


def test_speed_and_extra_fields(client: "openai.OpenAI") -> None:
    """`speed` makes it shorter; `instructions` and our `seed` are taken."""
    for speed in (0.25, 1.5, 4.0):
        spoken = speak(client, response_format="wav", speed=speed)
        assert seconds_of(spoken) == pytest.approx(EXPECTED_S / speed, abs=0.15)
    usual = speak(client, instructions="Whisper it.", extra_body={"seed": 3})
    assert seconds_of(usual) == pytest.approx(EXPECTED_S, abs=0.15)


def test_its_own_names_work(client: "openai.OpenAI") -> None:
    """A program that was written for OpenAI changes nothing but the address and the key."""
    for model in ("tts-1", "tts-1-hd", "gpt-4o-mini-tts"):
        assert client.models.retrieve(model).id == model
        assert seconds_of(speak(client, model=model, voice="alloy")) == pytest.approx(EXPECTED_S, abs=0.15)
    assert {"tts-1", "inworld-tts-2"} <= {model.id for model in client.models.list()}


def test_events_are_streamed(client: "openai.OpenAI") -> None:
    """`stream_format="sse"`, read line by line as its users do."""
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="nova", input=SENTENCE, stream_format="sse"
    ) as reply:
        events = [json.loads(line.removeprefix("data: ")) for line in reply.iter_lines() if line]
    audio = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    assert seconds_of(audio) == pytest.approx(EXPECTED_S, abs=0.15)
    assert events[-1]["type"] == "speech.audio.done"


def test_a_cloned_voice_speaks(client: "openai.OpenAI", tone_server: LiveServer) -> None:
    """The id of a clone is a voice here too, from the moment that it is known."""
    with Client(tone_server.url, tone_server.key) as myna:
        report = myna.clone([Sample(DATA / "demo_reference.flac")], "For OpenAI")
        assert report.voice is not None
        assert seconds_of(speak(client, voice=report.voice.voice_id)) == pytest.approx(EXPECTED_S, abs=0.15)
        myna.delete_voice(report.voice.voice_id)
        with pytest.raises(openai.NotFoundError):
            speak(client, voice=report.voice.voice_id)


async def test_the_asynchronous_client_streams(tone_server: LiveServer) -> None:
    """Pieces arrive through the streaming reply, with the type of the format."""
    async with (
        openai.AsyncOpenAI(base_url=tone_server.url + "/v1", api_key=tone_server.key) as client,
        client.audio.speech.with_streaming_response.create(
            model="inworld-tts-2", voice="Dennis", input=SENTENCE, response_format="mp3"
        ) as reply,
    ):
        assert reply.headers["content-type"] == "audio/mpeg"
        pieces = [piece async for piece in reply.iter_bytes()]
    assert len(pieces) > 1
    assert seconds_of(b"".join(pieces)) == pytest.approx(EXPECTED_S, abs=0.15)


@pytest.mark.parametrize(
    ("options", "error_class", "code", "words"),
    [
        ({"model": "gpt-4o"}, openai.BadRequestError, 3, "gpt-4o is not supported"),
        ({"voice": "NoSuch"}, openai.NotFoundError, 5, "NoSuch not found"),
        ({"response_format": "aac"}, openai.BadRequestError, 3, "mp3, opus, ogg, flac, wav, pcm"),
        ({"input": "x" * 4097}, openai.BadRequestError, 3, "4096 characters"),
        ({"input": ""}, openai.BadRequestError, 3, "input is required"),
        ({"speed": 5.0}, openai.BadRequestError, 3, "speed is out of range"),
    ],
)
def test_refusals_are_its_own_errors(
    client: "openai.OpenAI", options: dict[str, Any], error_class: type["openai.APIStatusError"], code: int, words: str
) -> None:
    """The class for the status, our code and message inside."""
    with pytest.raises(error_class, match=words) as refused:
        speak(client, **options)
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["code"] == code


def test_a_wrong_key_is_not_tried_again(tone_server: LiveServer) -> None:
    """403 is final for this client, as it should be."""
    with (
        openai.OpenAI(base_url=tone_server.url + "/v1", api_key="wrong", max_retries=2) as stranger,
        pytest.raises(openai.PermissionDeniedError),
    ):
        speak(stranger)


def test_a_recording_is_written_down(client: "openai.OpenAI") -> None:
    """Every format of its transcriptions, of a real recording; what it says is counted by words."""
    said = (DATA / "demo_reference.txt").read_text().split()

    def transcribe(**options: Any) -> Any:
        with (DATA / "demo_reference.flac").open("rb") as recording:
            return client.audio.transcriptions.create(file=recording, model="whisper-1", **options)

    def num_found(text: str) -> int:
        return len(set(said) & set(re.findall(r"[a-z]+", text.lower())))

    enough = 0.9 * len(set(said))
    assert num_found(transcribe().text) >= enough
    verbose = transcribe(response_format="verbose_json", timestamp_granularities=["word", "segment"])
    assert (verbose.language, round(verbose.duration, 1)) == ("english", 13.7)
    assert num_found(" ".join(word.word for word in verbose.words)) >= enough
    assert num_found(" ".join(segment.text for segment in verbose.segments)) >= enough
    for response_format in ("text", "srt", "vtt"):
        assert num_found(transcribe(response_format=response_format, language="en")) >= enough
    events = list(transcribe(stream=True, prompt="About a canoe."))
    assert events[-1].type == "transcript.text.done"
    assert num_found(events[-1].text) >= enough
    assert "".join(event.delta for event in events[:-1]) == events[-1].text
    with pytest.raises(openai.BadRequestError, match="not a recording"):
        client.audio.transcriptions.create(file=b"0123456789" * 9, model="whisper-1")
