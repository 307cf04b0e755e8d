"""The listening socket against raw frames (wire-contract.md#listening)."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
import websockets
from http_service import HANG_S, HttpService, PlainAnalyst, build_tone_services, open_socket, serve
from websockets.asyncio.client import ClientConnection

from myna.domain.language import LangCode
from myna.domain.waveform import Waveform
from myna.usecases.listen_live import Turn

PATH = "/stt/v1/transcribe:streamBidirectional"
MODEL = "inworld/inworld-stt-1"
CONFIG = {"modelId": MODEL, "audioEncoding": "LINEAR16", "sampleRateHertz": 16000, "numberOfChannels": 1}
TEXT = "Salt & pepper."


class Line:
    """A socket that is spoken into."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **command: Any) -> None:
        await self.connection.send(json.dumps(command))

    async def speak(self, *parts: tuple[float, float], chunk_s: float = 0.1, num_channels: int = 1) -> None:
        """parts: (seconds, loudness), in chunks as microphones send them."""
        sound = np.concatenate([np.full(round(seconds * 16000), level) for seconds, level in parts])
        pcm = np.repeat((sound * 32767).astype("<i2"), num_channels).tobytes()
        size = round(chunk_s * 32000) * num_channels
        for first in range(0, len(pcm), size):
            content = base64.b64encode(pcm[first : first + size]).decode()
            await self.send(audioChunk={"content": content})

    async def hear(self) -> dict[str, Any]:
        return dict(json.loads(await asyncio.wait_for(self.connection.recv(), HANG_S)))

    async def hear_all(self) -> list[dict[str, Any]]:
        """Until the server closes, as it should."""
        frames = []
        with pytest.raises(websockets.ConnectionClosedOK):
            while True:
                frames.append(await self.hear())
        return frames


@asynccontextmanager
async def call(service: HttpService, key: str | None = None, **config: Any) -> AsyncIterator[Line]:
    url = service.base_url.replace("http", "ws", 1) + PATH
    headers = service.auth(key or service.read_key)
    async with open_socket(url, additional_headers=headers, compression=None) as connection:
        line = Line(connection)
        await line.send(transcribeConfig={**CONFIG, **config})
        yield line


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    async with serve() as service:
        yield service


def names_of(frames: list[dict[str, Any]]) -> list[str]:
    """What happened, partial and final results told apart."""
    names = []
    for frame in frames:
        (name,) = frame["result"]
        is_final = name == "transcription" and frame["result"][name]["isFinal"]
        names.append("final" if is_final else name)
    return names


@pytest.mark.parametrize("chunk_s", [0.01, 0.1 + 1 / 32000, 1.7])  # the second ends within a sample
async def test_two_turns(service: HttpService, chunk_s: float) -> None:
    """Started, stopped, final: twice, however the audio is cut; then the usage, and a clean end."""
    async with call(service) as line:
        await line.speak((1.0, 0.0), (2.0, 0.3), (1.5, 0.0), (1.0, 0.3), (1.5, 0.0), chunk_s=chunk_s)
        await line.send(closeStream={})
        frames = await line.hear_all()
    names = names_of(frames)
    told = [name for name in names if name != "transcription"]
    assert told == ["speechStarted", "speechStopped", "final"] * 2 + ["usage"]
    starts_ms = [
        frame["result"]["speechStarted"]["startTimeMs"] for frame in frames if "speechStarted" in frame["result"]
    ]
    assert starts_ms == pytest.approx([1000, 4500], abs=30)
    assert frames[0]["result"]["speechStarted"]["confidence"] == 0.88
    stops_ms = [
        frame["result"]["speechStopped"]["silenceDurationMs"] for frame in frames if "speechStopped" in frame["result"]
    ]
    assert stops_ms == pytest.approx([800, 800], abs=110)
    assert frames[-1] == {"result": {"usage": {"transcribedAudioMs": 7000, "modelId": MODEL}}}
    final = frames[names.index("final")]["result"]["transcription"]
    assert final == {"transcript": TEXT, "isFinal": True, "wordTimestamps": [], "language": "en-US"}


async def test_partial_results_come_while_somebody_speaks(service: HttpService) -> None:
    """Half a second of speech is enough for another one."""
    async with call(service, language="en-US") as line:
        await line.speak((1.0, 0.3))
        assert "speechStarted" in (await line.hear())["result"]
        for _ in range(3):
            await line.speak((0.6, 0.3))
            partial = (await line.hear())["result"]["transcription"]
            assert (partial["transcript"], partial["isFinal"]) == (TEXT, False)


@pytest.mark.parametrize(
    ("seconds", "lang", "is_final", "is_told"),
    [(1.0, None, False, False), (1.6, None, False, True), (1.0, None, True, True), (1.0, LangCode.DE_DE, False, True)],
)
async def test_a_language_is_not_guessed_from_a_first_second(
    seconds: float, lang: LangCode | None, is_final: bool, is_told: bool
) -> None:
    """Unless the turn is over: its first words would be those of another language."""
    turn = Turn(0.0, Waveform(np.full(round(seconds * 16000), 0.3, np.float32), 16000), is_final)
    heard = await build_tone_services().listen_live.hear(turn, lang)
    assert (heard is not None) == is_told


async def test_results_never_go_back_behind_a_final_word(service: HttpService) -> None:
    """What was final is not told again: every later word begins after it."""
    async with call(service, includeWordTimestamps=True) as line:
        await line.speak((0.4, 0.0), (2.0, 0.3), (0.8, 0.0), (60.0, 0.3), (1.0, 0.0))
        await line.send(closeStream={})
        frames = await line.hear_all()
    results = [frame["result"]["transcription"] for frame in frames if "transcription" in frame["result"]]
    finals = [result for result in results if result["isFinal"]]
    assert len(finals) == 4, "one, and sixty seconds in pieces of at most 24"
    floor_ms = 0
    for result in results:
        words = result["wordTimestamps"]
        assert words[0]["startTimeMs"] >= floor_ms
        assert words[0]["startTime"] == pytest.approx(words[0]["startTimeMs"] / 1000)
        if result["isFinal"]:
            floor_ms = words[-1]["endTimeMs"]


async def test_the_client_may_end_turns(service: HttpService) -> None:
    """`endTurn` is answered at once; with a threshold of 0 nothing else ends a turn, and nothing said is an empty
    result."""
    settings = {"inworldSttV1Config": {"vadThreshold": 0}, "language": "es", "numberOfChannels": 2}
    async with call(service, **settings) as line:
        await line.speak((1.0, 0.3), (3.0, 0.0), (0.1, 0.3), num_channels=2)
        await line.send(endTurn={})
        frames = [await line.hear()]
        while names_of(frames)[-1] != "final":
            frames.append(await line.hear())
        assert names_of(frames).count("speechStopped") == 1
        assert frames[-1]["result"]["transcription"]["language"] == "es-ES"
        await line.send(endTurn={})
        empty = {"transcript": "", "isFinal": True, "wordTimestamps": []}
        assert (await line.hear())["result"]["transcription"] == empty
        await line.send(closeStream={})
        assert names_of(await line.hear_all()) == ["usage"]


async def test_silence_is_no_turn(service: HttpService) -> None:
    async with call(service) as line:
        await line.speak((5.0, 0.0))
        await line.send(close_stream={})
        assert names_of(await line.hear_all()) == ["usage"]


async def test_a_stream_may_end_itself_and_be_told_what_to_expect() -> None:
    """After so much silence, whatever of it is there; the names that the caller expects reach the recogniser."""
    prompts = []

    class Noting(PlainAnalyst):
        def hear(self, speech: Any, lang: Any, prompt: str = "") -> Any:
            prompts.append(prompt)
            return super().hear(speech, lang, prompt)

    config = {"inactivityTimeoutSeconds": 3, "prompts": ["Vyta"], "sonioxConfig": {"context": {"text": "Printing."}}}
    async with serve(services=build_tone_services(analyst=Noting())) as service, call(service, **config) as line:
        await line.speak((2.0, 0.3), (3.5, 0.0))
        names = names_of(await line.hear_all())
    assert names[-2:] == ["final", "usage"]
    assert set(prompts) == {"Printing. Vyta"}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"modelId": ""}, "model_id is required"),
        ({"modelId": "a/b"}, "Unsupported model"),
        ({"audioEncoding": "MP3"}, "LINEAR16"),
        ({"audioEncoding": "MULAW"}, "LINEAR16"),
        ({"sampleRateHertz": 7000}, "sampleRateHertz"),
        ({"numberOfChannels": 3}, "numberOfChannels"),
        ({"language": "tlh"}, "language"),
        ({"prompts": ["Vyta"], "sonioxConfig": {"context": {"text": "x" * 4000}}}, "4000 characters"),
    ],
)
async def test_what_cannot_be_heard_is_refused(service: HttpService, config: dict[str, Any], words: str) -> None:
    """With the reason, and the socket is closed: no audio is waited for."""
    async with call(service, **config) as line:
        (frame,) = await line.hear_all()
    assert frame["error"]["code"] == 3
    assert words in frame["error"]["message"]


async def test_frames_that_are_wrong(service: HttpService) -> None:
    """Told in a frame each, and the stream goes on; without a key or a configuration there is none."""
    async with call(service) as line:
        for command in (
            {"audioChunk": {"content": "%"}},
            {"audioChunk": "AAAA"},
            {"transcribeConfig": CONFIG},
        ):
            await line.send(**command)
            assert (await line.hear())["error"]["code"] == 3, command
        await line.connection.send("no JSON")
        assert (await line.hear())["error"]["status"] == "INVALID_ARGUMENT"
        await line.send(closeStream={})
        assert names_of(await line.hear_all()) == ["usage"]
    async with call(service, "wrong-key") as line:
        (frame,) = await line.hear_all()
    assert frame["error"]["code"] == 7
    url = service.base_url.replace("http", "ws", 1) + PATH
    async with open_socket(url, additional_headers=service.auth()) as connection:
        line = Line(connection)
        await line.send(audioChunk={"content": ""})
        (frame,) = await line.hear_all()
    assert "transcribe_config is required" in frame["error"]["message"]


async def test_a_bug_of_the_recogniser_ends_the_stream() -> None:
    """With an id for the log and nothing of the exception, also while much more is waiting to be heard."""

    class Broken(PlainAnalyst):
        def hear(self, speech: Any, lang: Any, prompt: str = "") -> Any:
            raise ValueError("broken")

    async with serve(services=build_tone_services(analyst=Broken())) as service, call(service) as line:
        await line.speak(*[(0.5, 0.3), (0.8, 0.0)] * 10, chunk_s=2.0)
        frames = await line.hear_all()
    assert frames[-1]["error"]["code"] == 13
    assert "broken" not in json.dumps(frames)
