"""LiveKit's stock Inworld plug-in works with only its two URLs changed (wire-contract.md#stock-clients), against a real
server."""

import asyncio
import logging
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import numpy as np
import pytest
import soundfile
from tests.conftest import DATA
from tests.live_server import LiveServer

if TYPE_CHECKING:
    import aiohttp
    from livekit import rtc
    from livekit.agents import APIConnectOptions, APIError, APIStatusError, tokenize
    from livekit.plugins import inworld
else:
    inworld = pytest.importorskip(
        "livekit.plugins.inworld", reason="the package livekit-plugins-inworld is not installed (dev extra)"
    )
    import aiohttp
    from livekit import rtc
    from livekit.agents import APIConnectOptions, APIError, APIStatusError, tokenize

SENTENCES = "The tide was low. Two boats lay on the sand. Nobody was about at that hour."
EXPECTED_S = 0.06 * len(SENTENCES)
ONCE = APIConnectOptions(max_retry=0, timeout=60)


class Agent:
    """The plug-in as an agent holds it."""

    def __init__(self, server: LiveServer, session: "aiohttp.ClientSession") -> None:
        self._server = server
        self._session = session
        self._made: list[Any] = []

    def tts(self, **options: Any) -> Any:
        plugged = {
            "api_key": self._server.key,
            "base_url": self._server.url + "/",
            "ws_url": self._server.url.replace("http", "ws", 1) + "/",
            "http_session": self._session,
        }
        self._made.append(inworld.TTS(**(plugged | options)))
        return self._made[-1]

    async def close(self) -> None:
        for tts in self._made:
            await tts.aclose()


@pytest.fixture
async def agent(tone_server: LiveServer) -> AsyncIterator[Agent]:
    async with aiohttp.ClientSession() as session:
        agent = Agent(tone_server, session)
        yield agent
        await agent.close()


async def say(tts: Any, *tokens: str) -> tuple[float, list[Any]]:
    """Seconds of sound, and the timed words, of what is pushed as a language model writes it."""
    seconds, words = 0.0, []
    async with tts.stream(conn_options=ONCE) as stream:
        for token in tokens:
            stream.push_text(token)
        stream.end_input()
        async for speech in stream:
            seconds += speech.frame.duration
            words += speech.frame.userdata.get("lk.timed_transcripts", [])
    return seconds, words


async def becomes(server: LiveServer, gauge: str, value: float) -> None:
    """Wait until a metric of the server has this value."""

    def read() -> float:
        with urlopen(server.url + "/metrics") as page:
            lines = page.read().decode().splitlines()
        return float(next(line for line in lines if line.startswith(gauge + " ")).split()[1])

    async with asyncio.timeout(60):
        while await asyncio.to_thread(read) != value:
            await asyncio.sleep(0.02)


async def test_voices_are_listed(agent: Agent) -> None:
    """All, and those of a language."""
    tts = agent.tts()
    everything = await tts.list_voices()
    assert "Ashley" in {voice["voiceId"] for voice in everything}
    assert {voice["voiceId"] for voice in await tts.list_voices("en")} <= {voice["voiceId"] for voice in everything}


@pytest.mark.parametrize("encoding", ["PCM", "LINEAR16", "MP3", "OGG_OPUS", "FLAC"])
async def test_a_whole_text_is_spoken(agent: Agent, encoding: str) -> None:
    """Through `/tts/v1/voice:stream`, in every encoding that the plug-in knows."""
    # its decoder loses the last block of any FLAC, of other encoders too
    lost_s = 4096 / 24000 if encoding == "FLAC" else 0.0
    async with agent.tts(encoding=encoding).synthesize(SENTENCES, conn_options=ONCE) as speech:
        seconds = sum([piece.frame.duration async for piece in speech])
    assert seconds == pytest.approx(EXPECTED_S - lost_s, abs=0.1)


@pytest.mark.parametrize("model", ["inworld-tts-2", "inworld-tts-1.5-max"])
async def test_tokens_are_spoken_with_the_time_of_each_word(agent: Agent, model: str) -> None:
    """Both ways of cutting text, the server's and the plug-in's: all is said once, times go forward over flushes."""
    tokens = [word + " " for word in SENTENCES.split()]
    seconds, words = await say(agent.tts(model=model, timestamp_type="WORD"), *tokens)
    assert seconds == pytest.approx(EXPECTED_S, abs=0.3)
    assert "".join(words).split() == SENTENCES.split()
    assert all(before.start_time <= after.start_time for before, after in pairwise(words))
    assert words[-1].end_time <= seconds + 0.1


async def test_turns_follow_one_another_on_one_connection(agent: Agent, tone_server: LiveServer) -> None:
    """After `prewarm`, each turn is a context of the same socket; eight agents at once are served."""
    tts = agent.tts()
    tts.prewarm()
    for _ in range(3):
        assert (await say(tts, "The tide was low."))[0] == pytest.approx(1.0, abs=0.3)
    await becomes(tone_server, "myna_sockets_open", 1)
    spoken = await asyncio.gather(*(say(agent.tts(), f"This is sentence number {n}.") for n in range(8)))
    assert all(seconds > 1.0 for seconds, _ in spoken)


async def test_an_interruption_frees_the_context(agent: Agent, tone_server: LiveServer) -> None:
    """The user speaks: the stream is closed after its first frame; the next turn is spoken, nothing stays open."""
    tts = agent.tts()
    async with tts.stream(conn_options=ONCE) as stream:
        stream.push_text("I will now tell you the whole story. " * 40)
        stream.flush()
        first = await anext(stream)
        assert first.frame.duration > 0
    seconds, _ = await say(tts, "The tide was low.")
    assert seconds == pytest.approx(1.0, abs=0.3)
    await becomes(tone_server, "myna_contexts_open", 0)


async def test_blank_turns_end(agent: Agent) -> None:
    """A model that says nothing does not hang the agent."""
    async with asyncio.timeout(60):
        tts = agent.tts(tokenizer=tokenize.basic.SentenceTokenizer())
        async with tts.stream(conn_options=ONCE) as stream:
            stream.end_input()
            assert [piece async for piece in stream] == []


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ({"voice": "NoSuch"}, 404, "NoSuch not found"),
        ({"model": "nope"}, 400, "nope is not supported"),
        ({"api_key": "wrong"}, 403, "Connection error"),
    ],
)
async def test_refusals_are_its_own_errors(
    agent: Agent, options: dict[str, Any], status: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The status over HTTP, our words over the socket, at once and not after its timeout of a minute."""
    caplog.set_level(logging.CRITICAL, "livekit")
    tts = agent.tts(**options)
    async with asyncio.timeout(50):
        with pytest.raises(APIStatusError) as refused:
            async with tts.synthesize("Hello.", conn_options=ONCE) as speech:
                assert [piece async for piece in speech]
        assert refused.value.status_code == status
        with pytest.raises(APIError, match=words):
            await say(tts, "Hello.")


@pytest.fixture
async def ear(tone_server: LiveServer) -> AsyncIterator[Any]:
    async with aiohttp.ClientSession() as session:
        stt = inworld.STT(api_key=tone_server.key, base_url=tone_server.url + "/", http_session=session)
        yield stt
        await stt.aclose()


async def test_its_listener_hears_a_person(ear: Any) -> None:
    """Two recordings with a pause between them: speech starts, a final transcript, speech ends; twice."""
    samples, rate_hz = soundfile.read(DATA / "demo_reference.flac", dtype="int16", frames=16000 * 5)
    assert rate_hz == 16000
    pause = np.zeros(16000 * 2, np.int16)
    sound = np.concatenate([pause, samples, pause, samples, pause])
    async with asyncio.timeout(300), ear.stream(conn_options=ONCE) as stream:
        for first in range(0, len(sound), 1600):
            piece = sound[first : first + 1600]
            stream.push_frame(rtc.AudioFrame(piece.tobytes(), rate_hz, 1, len(piece)))
        stream.end_input()
        events = [event async for event in stream]
    # Sent faster than it is spoken, so that partial results may be left out.
    turns = [
        event.type.value for event in events if event.type.value not in ("recognition_usage", "interim_transcript")
    ]
    assert turns == ["start_of_speech", "final_transcript", "end_of_speech"] * 2
    for event in events:
        if event.type.value == "final_transcript":
            assert "skirt" in event.alternatives[0].text
