"""The in-process client keeps its port's promises, and those of a shared machine: order, limits, nothing for nobody."""

import asyncio
import contextlib
import contextvars
import ctypes
import gc
import logging
import os
import queue
import subprocess
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from tests.engine_client_contract import OPTIONS, EngineClientContract, make_reference, make_segments, read_samples

from myna.domain.errors import (
    EngineFailure,
    InvalidRequest,
    Overloaded,
    ServiceUnavailable,
    WeightsMissing,
)
from myna.domain.speech import SpeechSegment, SpokenChunk
from myna.domain.voice import VoiceArtifact
from myna.engines.base import EngineSettings, EngineSpec
from myna.engines.tone.spec import SPEC as TONE
from myna.observability.request_record import RequestRecord
from myna.observability.tracing import trace_request
from myna.runtime.admission import WaitingLine
from myna.runtime.foreground import Foreground
from myna.runtime.in_process import _LOOKS, InProcessEngineClient
from myna.runtime.offload import ThreadOffload

SETTINGS = EngineSettings(Path("unused"))
RATE_HZ = TONE.capabilities.sample_rate_hz
VOICE = VoiceArtifact(b"voice", TONE.id, TONE.version)
WORDS = make_segments("words")
_DEADLINE_S = 60.0
"""Of what never happens."""


class TestInProcessEngineClient(EngineClientContract):
    """Over the tone engine, one slot."""

    @pytest.fixture
    async def client(self) -> AsyncIterator[InProcessEngineClient]:
        client = InProcessEngineClient(TONE, SETTINGS)
        await client.start()
        yield client
        await client.close()


@dataclass
class WatchedEngine:
    """An engine that notes what is asked of it and from which thread, and can be held up."""

    num_chunks: int = 100
    chunk_s: float = 0.1
    fail: BaseException | None = None
    fail_at: int = 0
    may_speak: threading.Event | None = None
    may_encode: threading.Event = field(default_factory=threading.Event)
    may_refine: threading.Event = field(default_factory=threading.Event)
    is_encoding: threading.Event = field(default_factory=threading.Event)
    is_refining: threading.Event = field(default_factory=threading.Event)
    is_refined: threading.Event = field(default_factory=threading.Event)
    made: list[str] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    num_loads: int = 0
    num_closed_iterators: int = 0
    num_closed: int = 0
    loaded_voices: list[bytes] = field(default_factory=list)

    def spec(self, **capabilities) -> EngineSpec:
        def load(settings: EngineSettings) -> "WatchedEngine":
            self._enter()
            self.num_loads += 1
            return self

        return replace(TONE, load=load, capabilities=replace(TONE.capabilities, **capabilities))

    def encode_voice(self, reference) -> bytes:
        self._enter()
        self.is_encoding.set()
        assert self.may_encode.wait(_DEADLINE_S)
        return b"voice"

    def refine_voice(self, artifact, reference) -> bytes:
        self._enter()
        self.is_refining.set()
        may_refine = self.may_refine.wait(_DEADLINE_S)
        self.is_refined.set()
        assert may_refine
        return artifact + b"+"

    def load_voice(self, artifact: bytes) -> bytes:
        self._enter()
        self.loaded_voices.append(artifact)
        return artifact

    def synthesize(self, voice, segment: SpeechSegment, options) -> Iterator[SpokenChunk]:
        self._enter()
        if self.fail is not None and self.fail_at == 0:
            raise self.fail
        return self._iter(segment.text)

    def close(self) -> None:
        self._enter()
        self.num_closed += 1

    def _iter(self, text: str) -> Iterator[SpokenChunk]:
        try:
            for number in range(self.num_chunks):
                self._enter()
                if self.fail is not None and number == self.fail_at:
                    raise self.fail
                assert self.may_speak is None or self.may_speak.wait(_DEADLINE_S)
                self.made.append(text)
                yield SpokenChunk(np.full(round(self.chunk_s * RATE_HZ), 0.5, np.float32))
        finally:
            self._enter()
            self.num_closed_iterators += 1

    def _enter(self) -> None:
        self.threads.add(threading.current_thread().name)


@pytest.fixture
async def make_client() -> AsyncIterator[object]:
    clients = []

    async def make(engine: WatchedEngine, capabilities=None, **limits) -> InProcessEngineClient:
        client = InProcessEngineClient(engine.spec(**(capabilities or {})), SETTINGS, **limits)
        clients.append((client, engine))
        await client.start()
        return client

    yield make
    for client, engine in clients:
        engine.may_encode.set()
        engine.may_refine.set()
        await client.close()


async def until(condition) -> None:
    """Let other tasks and threads run until it is so."""
    async with asyncio.timeout(_DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.001)


def num_owner_threads() -> int:
    return sum(thread.name.startswith("myna-engine") for thread in threading.enumerate())


async def test_one_thread_owns_the_engine(make_client) -> None:
    """Loading, every call, every step and every close happen in one and the same thread."""
    engine = WatchedEngine()
    engine.may_encode.set()
    client = await make_client(engine)
    await client.encode_voice(make_reference(100.0))
    await read_samples(await client.synthesize(VOICE, WORDS, OPTIONS))
    stream = await client.synthesize(VOICE, WORDS, OPTIONS)
    await anext(aiter(stream))
    await stream.aclose()
    await client.close()
    assert engine.threads == {"myna-engine-0"}
    assert (engine.num_loads, engine.num_closed, engine.num_closed_iterators) == (1, 1, 2)
    await until(lambda: num_owner_threads() == 0)


async def test_nothing_is_made_for_somebody_who_left(make_client) -> None:
    """A consumer that leaves after 4 chunks of 100 costs at most those, two ahead and the one in the making."""
    engine = WatchedEngine()
    client = await make_client(engine)
    stream = await client.synthesize(VOICE, WORDS, OPTIONS)
    chunks = aiter(stream)
    for _ in range(4):
        await anext(chunks)
    await stream.aclose()
    assert len(engine.made) <= 7
    assert engine.num_closed_iterators == 1
    assert client.num_busy == 0


class EndlessChunk:
    """A segment whose second chunk is never done, unless it is interrupted."""

    def __init__(self, engine: "PatientEngine", first: SpokenChunk) -> None:
        self._engine = engine
        self._chunks = iter([first])
        self._interrupted = threading.Event()

    def __iter__(self) -> "EndlessChunk":
        return self

    def __next__(self) -> SpokenChunk:
        for chunk in self._chunks:
            return chunk
        self._engine.is_computing.set()
        assert self._interrupted.wait(_DEADLINE_S)
        raise StopIteration

    def interrupt(self) -> None:
        self._interrupted.set()


@dataclass
class PatientEngine(WatchedEngine):
    is_computing: threading.Event = field(default_factory=threading.Event)

    def synthesize(self, voice, segment: SpeechSegment, options) -> Iterator[SpokenChunk]:
        return EndlessChunk(self, SpokenChunk(np.full(RATE_HZ, 0.5, np.float32)))


async def test_a_chunk_in_the_making_is_interrupted(make_client) -> None:
    """An engine that can be interrupted is, at once: its slot serves the next without finishing for nobody."""
    engine = PatientEngine()
    client = await make_client(engine)
    for _ in range(3):
        stream = await client.synthesize(VOICE, WORDS, OPTIONS)
        await until(engine.is_computing.is_set)
        engine.is_computing.clear()
        await stream.aclose()
        assert client.num_busy == 0


async def test_the_line_has_an_end(make_client) -> None:
    """Of five at once with one slot and one place in line, two are served and three are refused."""
    engine = WatchedEngine(num_chunks=3)
    client = await make_client(engine, queue_length=1)

    async def speak() -> int:
        return len(await read_samples(await client.synthesize(VOICE, WORDS, OPTIONS)))

    results = await asyncio.gather(*(speak() for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [int, int, Overloaded, Overloaded, Overloaded]
    assert (client.num_busy, client.num_waiting) == (0, 0)
    assert await speak() > 0


async def test_first_come_first_served(make_client) -> None:
    """Short requests are served whole and in their order."""
    engine = WatchedEngine(num_chunks=2)
    client = await make_client(engine)
    texts = [f"t{number}" for number in range(6)]

    async def speak(text: str) -> None:
        await read_samples(await client.synthesize(VOICE, make_segments(text, text), OPTIONS))

    await asyncio.gather(*(speak(text) for text in texts))
    assert engine.made == [text for text in texts for _ in range(4)]


async def test_workspaces_take_turns(make_client) -> None:
    """Who fills the line waits behind himself alone, and makes room for others: of a full line his last is refused."""
    engine = WatchedEngine(num_chunks=1)
    client = await make_client(engine, queue_length=4)

    async def speak(name: str) -> None:
        record = RequestRecord("request", workspace=name[0])
        with trace_request(record):
            await read_samples(await client.synthesize(VOICE, make_segments(name), OPTIONS))

    names = ["a0", "a1", "a2", "a3", "a4", "a5", "b0", "b1", "b2", "c0"]
    results = await asyncio.gather(*map(speak, names), return_exceptions=True)
    refused = [name for name, result in zip(names, results, strict=True) if isinstance(result, Overloaded)]
    assert refused == ["a2", "a3", "a4", "a5", "b2"]
    assert engine.made == ["a0", "b0", "c0", "a1", "b1"]


async def test_who_leaves_the_line_takes_no_turn() -> None:
    """A workspace whose callers give up and come again stands where it stood."""
    line = WaitingLine(["slot"], 4, Foreground())
    served = []

    async def wait(name: str) -> None:
        with trace_request(RequestRecord("request", workspace=name[0])):
            slot = await line.enter()
        served.append(name)
        line.leave(slot)

    with trace_request(RequestRecord("request", workspace="a")):
        slot = await line.enter()
    for _ in range(5):
        leaving = asyncio.create_task(wait("a0"))
        await until(lambda: line.num_waiting == 1)
        leaving.cancel()
        await asyncio.wait([leaving])
    waiting = [asyncio.create_task(wait(name)) for name in ("a1", "a2", "b1", "b2")]
    await until(lambda: line.num_waiting == len(waiting))
    line.leave(slot)
    await asyncio.gather(*waiting)
    assert served == ["b1", "a1", "b2", "a2"]


async def test_long_texts_take_turns(make_client) -> None:
    """With enough to hear ahead a long text lets others in, and is never refused when it comes back."""
    engine = WatchedEngine(num_chunks=1, chunk_s=20.0, may_speak=threading.Event())
    client = await make_client(engine, queue_length=1)

    async def speak(*texts: str) -> int:
        return len(await read_samples(await client.synthesize(VOICE, make_segments(*texts), OPTIONS)))

    speeches = [asyncio.create_task(speak(*(name + number for number in "123"))) for name in "ab"]
    await until(lambda: client.num_waiting == 1)
    engine.may_speak.set()
    assert await asyncio.gather(*speeches) == [round(3 * engine.chunk_s * RATE_HZ)] * 2
    assert sorted(engine.made) == ["a1", "a2", "a3", "b1", "b2", "b3"]
    leads = accumulate(1 if text.startswith("a") else -1 for text in engine.made)
    assert set(leads) <= {-1, 0, 1}  # whoever is ahead gives way


async def test_a_long_segment_keeps_nobody_waiting(make_client) -> None:
    """Who comes in the middle of a segment is heard after the chunk in the making; both are whole, in one thread."""
    engine = WatchedEngine(num_chunks=6, chunk_s=1.9)  # a third makes four seconds that nobody reads full
    client = await make_client(engine)
    first = await client.synthesize(VOICE, make_segments("first"), OPTIONS)
    await until(lambda: len(engine.made) == 2)
    second = await client.synthesize(VOICE, make_segments("second"), OPTIONS)
    assert "second" in engine.made[2:4]
    left = await client.synthesize(VOICE, make_segments("left"), OPTIONS)
    await left.aclose()
    for samples in await asyncio.gather(read_samples(first), read_samples(second)):
        assert len(samples) == 6 * round(1.9 * RATE_HZ)
    assert engine.num_closed_iterators == 3
    assert engine.threads == {"myna-engine-0"}
    await until(lambda: client.num_busy == 0)


async def test_who_waits_for_the_end_is_served_in_one_go(make_client) -> None:
    """Nothing is won by making two answers side by side that nobody hears before their end."""
    engine = WatchedEngine(num_chunks=3, chunk_s=0.8)
    client = await make_client(engine)

    async def speak(text: str) -> None:
        await read_samples(await client.synthesize(VOICE, make_segments(text), OPTIONS, is_stream=False))

    await asyncio.gather(speak("a"), speak("b"))
    assert engine.made == ["a"] * 3 + ["b"] * 3


async def test_a_segment_stays_with_its_engine(make_client) -> None:
    """Of several slots the one that began it: a generator must go on in the thread that began it."""
    engine = WatchedEngine(num_chunks=8, chunk_s=1.0)
    client = await make_client(engine, num_slots=2)
    streams = [await client.synthesize(VOICE, make_segments(f"t{k}", f"t{k}"), OPTIONS) for k in range(5)]
    for samples in await asyncio.gather(*map(read_samples, streams)):
        assert len(samples) == 2 * 8 * RATE_HZ
    assert engine.num_closed_iterators == 10
    await until(lambda: (client.num_busy, client.num_waiting) == (0, 0))


async def test_a_slow_reader_holds_nobody_up(make_client) -> None:
    """While a stream is not read at all, others are served; then it goes on where it stopped, complete."""
    engine = WatchedEngine(num_chunks=20, chunk_s=0.6)
    client = await make_client(engine)
    slow = await client.synthesize(VOICE, make_segments("slow", "slow", "slow"), OPTIONS)
    await until(lambda: len(engine.made) == 2)
    for _ in range(3):
        async with asyncio.timeout(_DEADLINE_S):
            await read_samples(await client.synthesize(VOICE, make_segments("quick"), OPTIONS))
    assert engine.made.count("quick") == 60
    assert engine.made.count("slow") <= 7  # four seconds
    assert len(await read_samples(slow)) == round(3 * 20 * 0.6 * RATE_HZ)


async def test_a_cancelled_wait_leaves_the_line(make_client) -> None:
    """Whoever leaves while waiting, or in the moment of being served, takes no slot with them."""
    engine = WatchedEngine()
    client = await make_client(engine, queue_length=2)
    encoding = asyncio.create_task(client.encode_voice(make_reference(100.0)))
    await until(lambda: client.num_busy == 1)
    waiting = [
        asyncio.create_task(client.synthesize(VOICE, WORDS, OPTIONS)),
        asyncio.create_task(client.encode_voice(make_reference(100.0))),
    ]
    await until(lambda: client.num_waiting == 2)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    await until(lambda: client.num_waiting == 0)
    encoding.cancel()
    await asyncio.wait([encoding])
    assert client.num_busy == 1
    engine.may_encode.set()
    await until(lambda: client.num_busy == 0)
    assert await client.encode_voice(make_reference(100.0)) == VOICE
    assert engine.made == []


async def test_leaving_before_the_first_chunk_stops_the_engine(make_client) -> None:
    """A caller who is cancelled while the first chunk is made costs that chunk."""
    engine = WatchedEngine()
    client = await make_client(engine)
    for steps in range(12):
        asking = asyncio.create_task(client.synthesize(VOICE, WORDS, OPTIONS))
        for _ in range(steps):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        if not asking.cancelled():
            await asking.result().aclose()
    await until(lambda: client.num_busy == 0)
    assert len(engine.made) <= 12 * 4


@pytest.mark.parametrize("fail_at", [0, 1, 5])
@pytest.mark.parametrize("kind", [ValueError, SystemExit, StopIteration, asyncio.CancelledError])
async def test_what_an_engine_raises_is_our_failure(make_client, caplog, fail_at: int, kind) -> None:
    """A foreign exception becomes an EngineFailure, logged once with an id, and the next request is served."""
    engine = WatchedEngine(num_chunks=10, fail=kind("boom"), fail_at=fail_at)
    client = await make_client(engine)
    num_received = 0
    with caplog.at_level(logging.ERROR), pytest.raises(EngineFailure) as caught:
        async for _ in await client.synthesize(VOICE, WORDS, OPTIONS):
            num_received += 1
    assert num_received == fail_at
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info
    assert caught.value.message.removesuffix(".").split()[-1] in caplog.text
    engine.fail = None
    assert len(await read_samples(await client.synthesize(VOICE, WORDS, OPTIONS)))


class HeldEngine(WatchedEngine):
    """Stands still before each chunk but the first, where an exception that is thrown into the thread harms no lock."""

    def synthesize(self, voice, segment: SpeechSegment, options) -> Iterator[SpokenChunk]:
        self.is_held = threading.Event()
        self.may_go_on = queue.SimpleQueue()
        return self._hold(super().synthesize(voice, segment, options))

    def _hold(self, chunks: Iterator[SpokenChunk]) -> Iterator[SpokenChunk]:
        yield next(chunks)
        self.is_held.set()
        self.may_go_on.get(timeout=_DEADLINE_S)
        yield from chunks


@pytest.mark.parametrize("is_speaking", [True, False])
async def test_a_thread_that_is_to_end_goes_on(make_client, caplog, is_speaking: bool) -> None:
    """Whatever throws an exception into the engine's thread, at work or at rest: nobody waits for ever, the next
    request is served."""
    engine = HeldEngine(num_chunks=20) if is_speaking else WatchedEngine(num_chunks=20)
    client = await make_client(engine)
    thread = next(thread for thread in threading.enumerate() if thread.name == "myna-engine-0")

    def end_thread() -> None:
        assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))

    # Of a caller who leaves in that moment.
    unanswered = client._slots[0].thread._unanswered
    unanswered.add(Future())
    assert next(iter(unanswered)).cancel()
    async with asyncio.timeout(_DEADLINE_S):
        if is_speaking:
            stream = await client.synthesize(VOICE, WORDS, OPTIONS)
            await until(engine.is_held.is_set)
            end_thread()
            engine.may_go_on.put(None)
            with pytest.raises(EngineFailure):
                await read_samples(stream)
            engine.synthesize = partial(WatchedEngine.synthesize, engine)
        else:
            end_thread()
            # It may have woken before it is asked: then there is nobody to tell.
            with contextlib.suppress(EngineFailure):
                await read_samples(await client.synthesize(VOICE, WORDS, OPTIONS))
        assert caplog.text.count("engine failed") == 1
        assert len(await read_samples(await client.synthesize(VOICE, WORDS, OPTIONS)))
    assert client.is_ready
    assert client.num_busy == 0


async def test_an_engine_that_hangs_is_replaced(make_client) -> None:
    """Who waits for it is told, at a voice as in mid-stream, and others are served by its successor; a reader who takes
    his time is no such thing. What hangs again and again needs another process."""
    engine = PatientEngine(num_chunks=4)
    client = await make_client(engine, num_slots=2)
    engine.synthesize = partial(WatchedEngine.synthesize, engine)
    unread = await client.synthesize(VOICE, WORDS, OPTIONS)
    await until(lambda: any(slot.thread.is_resting for slot in client._slots))

    async def hear(stream) -> None:
        async for chunk in stream:
            assert len(chunk.samples)

    for number in range(4):
        await until(lambda: engine.num_loads == 2 + number)  # noqa: B023
        await until(lambda: not any(slot.thread.is_at_work for slot in client._slots))
        assert client.is_ready
        if number < 2:
            is_stuck, asking = engine.is_encoding, client.encode_voice(make_reference(100.0))
        else:
            engine.synthesize = partial(PatientEngine.synthesize, engine)
            is_stuck, asking = engine.is_computing, hear(await client.synthesize(VOICE, WORDS, OPTIONS))
            engine.synthesize = partial(WatchedEngine.synthesize, engine)
        asking = asyncio.create_task(asking)
        await until(is_stuck.is_set)
        is_stuck.clear()
        for _ in range(1 + _LOOKS):
            client._look_at_slots()
        with pytest.raises(EngineFailure):
            await asking
    assert not client.is_ready
    with pytest.raises(ServiceUnavailable):
        await client.synthesize(VOICE, WORDS, OPTIONS)
    assert len(await read_samples(unread)) == round(4 * engine.chunk_s * RATE_HZ)
    assert client.num_busy == 0


async def test_an_engine_that_hangs_is_found(make_client) -> None:
    """Without being asked after."""
    client = await make_client(WatchedEngine(), hang_s=0.1)
    with pytest.raises(EngineFailure):
        await client.encode_voice(make_reference(100.0))


async def test_our_own_refusals_pass(make_client, caplog) -> None:
    """What an engine refuses reaches the caller before the stream is handed out and is no log line."""
    client = await make_client(WatchedEngine(fail=InvalidRequest("The text cannot be spoken.")))
    with pytest.raises(InvalidRequest):
        await client.synthesize(VOICE, WORDS, OPTIONS)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_refinement_gives_way(make_client) -> None:
    """While a voice is refined, speech goes on; the refining instance is another, and is given back after the last."""
    engine = WatchedEngine(num_chunks=3)
    client = await make_client(engine, {"refines": True})
    refining = [asyncio.create_task(client.refine_voice(VOICE, make_reference(100.0))) for _ in range(2)]
    await until(engine.is_refining.is_set)
    assert len(await read_samples(await client.synthesize(VOICE, WORDS, OPTIONS)))
    assert (client.num_busy, engine.num_loads, engine.num_closed) == (0, 2, 0)
    engine.may_refine.set()
    assert await asyncio.gather(*refining) == [replace(VOICE, content=b"voice+")] * 2
    await until(lambda: engine.num_closed == 1)
    assert (await client.refine_voice(VOICE, make_reference(100.0))).content == b"voice+"
    assert engine.num_loads == 3


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities for single threads")
async def test_a_refinement_has_a_low_priority(make_client) -> None:
    """The scheduler gives it what speech leaves; so it does to the threads that the engine starts for it."""

    def read_priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def refine(artifact: bytes, reference) -> bytes:
        with ThreadPoolExecutor(1) as pool:
            return bytes([read_priority(), pool.submit(read_priority).result()])

    engine = WatchedEngine()
    engine.may_encode.set()
    engine.refine_voice = refine
    client = await make_client(engine, {"refines": True})
    assert (await client.refine_voice(VOICE, make_reference(100.0))).content == bytes([10, 10])
    assert read_priority() < 10


async def test_closing_does_not_wait_for_a_refinement(make_client, caplog) -> None:
    """Whoever waits for one hears that the service is stopping."""
    engine = WatchedEngine()
    client = await make_client(engine, {"refines": True})
    refining = asyncio.create_task(client.refine_voice(VOICE, make_reference(100.0)))
    await until(engine.is_refining.is_set)
    await client.close()
    with pytest.raises(ServiceUnavailable):
        await refining
    assert not engine.is_refined.is_set()
    assert "left behind" not in caplog.text  # as is what `close` waits for to no end


async def test_several_slots_work_at_once(make_client) -> None:
    """Two slots are two engines in two threads."""
    engine = WatchedEngine()
    client = await make_client(engine, num_slots=2)
    encoding = [asyncio.create_task(client.encode_voice(make_reference(100.0))) for _ in range(3)]
    await until(lambda: (client.num_busy, client.num_waiting) == (2, 1))
    engine.may_encode.set()
    await asyncio.gather(*encoding)
    assert engine.threads == {"myna-engine-0", "myna-engine-1"}
    assert engine.num_loads == 2


async def test_a_voice_is_loaded_once(make_client) -> None:
    """The same artifact is opened at its first use only; the oldest goes when there are too many."""
    engine = WatchedEngine(num_chunks=1)
    client = await make_client(engine, cache_bytes=2 * TONE.capabilities.voice_bytes)
    for content in (b"a", b"a", b"b", b"a", b"c", b"a", b"b"):
        await read_samples(await client.synthesize(replace(VOICE, content=content), WORDS, OPTIONS))
    assert engine.loaded_voices == [b"a", b"b", b"c", b"b"]


async def test_a_voice_of_a_job_is_loaded_once(make_client) -> None:
    """For as long as the engine of the jobs is loaded; another instance opens it again."""
    engine = WatchedEngine(num_chunks=1)
    client = await make_client(engine)
    for num_loads in (1, 1, 2):
        await read_samples(await client.synthesize(VOICE, WORDS, OPTIONS, is_background=True))
        assert len(engine.loaded_voices) == num_loads
        if len(engine.made) == 2 * len(WORDS):
            client._background._give_back()


async def test_open_streams_are_limited(make_client) -> None:
    """Buffers of streams that nobody reads cannot grow without end; a closed stream makes room."""
    client = await make_client(WatchedEngine(num_chunks=1), max_open_streams=2)
    streams = [await client.synthesize(VOICE, WORDS, OPTIONS) for _ in range(2)]
    with pytest.raises(Overloaded):
        await client.synthesize(VOICE, WORDS, OPTIONS)
    await streams[0].aclose()
    await read_samples(streams[1])
    for _ in range(5):
        await read_samples(await client.synthesize(VOICE, WORDS, OPTIONS))


async def test_a_client_that_is_not_started_refuses() -> None:
    """Asked too early it says that the engine is being loaded; what keeps it from loading reaches the operator."""
    client = InProcessEngineClient(TONE, SETTINGS)
    assert not client.is_ready
    with pytest.raises(ServiceUnavailable):
        await client.synthesize(VOICE, WORDS, OPTIONS)
    await client.close()

    def fail(settings: EngineSettings):
        raise WeightsMissing("run `myna models pull`")

    broken = InProcessEngineClient(replace(TONE, load=fail), SETTINGS)
    with pytest.raises(WeightsMissing):
        await broken.start()
    assert not broken.is_ready
    await broken.close()


async def test_audio_does_not_outlive_its_request(make_client) -> None:
    """After a clone the recording is not kept alive by the idle owner thread."""
    engine = WatchedEngine()
    engine.may_encode.set()
    client = await make_client(engine)
    reference = make_reference(100.0)
    samples = weakref.ref(reference.waveform.samples)
    await client.encode_voice(reference)
    del reference

    def is_gone() -> bool:
        gc.collect()
        return samples() is None

    await until(is_gone)


@pytest.mark.parametrize("moment", ["idle", "streaming", "encoding"])
def test_the_interpreter_ends_without_close(moment: str) -> None:
    """A process that forgets to close the client, or is in the middle of something, still exits."""
    script = f"""
import asyncio, threading
from dataclasses import replace
from myna.runtime.in_process import InProcessEngineClient
from tests.engine_client_contract import OPTIONS, make_reference, make_segments
from myna.engines.base import EngineSettings
from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC

class StuckEngine(ToneEngine):
    def encode_voice(self, reference):
        if {moment!r} == "encoding" and threading.current_thread().name == "myna-engine-0" and stuck:
            threading.Event().wait()
        return super().encode_voice(reference)

stuck = []

async def main():
    client = InProcessEngineClient(replace(SPEC, load=lambda settings: StuckEngine()), EngineSettings(None))
    await client.start()
    voice = await client.encode_voice(make_reference(120.0))
    stuck.append(True)
    if {moment!r} == "streaming":
        await client.synthesize(voice, make_segments(*["many words"] * 50), OPTIONS)
    if {moment!r} == "encoding":
        try:
            await asyncio.wait_for(client.encode_voice(make_reference(120.0)), 0.05)
        except TimeoutError:
            pass

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script], timeout=300, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="none")


async def test_work_sees_the_context_of_its_caller(make_client) -> None:
    """Log lines from an engine or a pool thread can carry the request's id."""
    seen = []
    engine = WatchedEngine(num_chunks=1)
    engine._enter = lambda: seen.append(request_id.get())
    client = await make_client(engine)
    offload = ThreadOffload(1, 1)
    request_id.set("r1")
    await read_samples(await client.synthesize(VOICE, WORDS, OPTIONS))
    assert set(seen[1:]) == {"r1"}
    assert await offload(request_id.get) == "r1"
    offload.close()


async def test_the_offload_line_has_an_end() -> None:
    """One thread and one place: the third is refused; a caller who leaves does not free the thread before time."""
    gate = threading.Event()
    offload = ThreadOffload(1, 1)
    running = [asyncio.create_task(offload(lambda: gate.wait(_DEADLINE_S))) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await offload(lambda: None)
    running[0].cancel()
    await asyncio.wait([running[0]])
    with pytest.raises(Overloaded):
        await offload(lambda: None)
    gate.set()
    assert await running[1] is True
    with pytest.raises(ZeroDivisionError):
        await offload(lambda: 1 // 0)
    offload.close()
    with pytest.raises(ServiceUnavailable):
        await offload(lambda: None)


async def test_a_closing_offload_sends_the_waiting_away() -> None:
    """What waits for a thread hears that the service is stopping, what runs comes to its end."""
    gate = threading.Event()
    offload = ThreadOffload(1, 1)
    running, waiting = (asyncio.create_task(offload(lambda: gate.wait(_DEADLINE_S))) for _ in range(2))
    await asyncio.sleep(0)
    offload.close()
    with pytest.raises(ServiceUnavailable):
        await waiting
    gate.set()
    assert await running is True
