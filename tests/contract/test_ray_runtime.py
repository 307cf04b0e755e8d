"""On Ray Serve the engine client keeps the promises of the one in process, and HTTP over it those of HTTP."""

import asyncio
import inspect
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.fixtures import FixtureFunctionDefinition
from tests import slow_engine
from tests.contract import test_http_elevenlabs, test_http_errors, test_http_socket, test_http_speech, test_http_voices
from tests.contract.http_service import HttpService, build_tone_services, open_service, serve
from tests.engine_client_contract import OPTIONS, EngineClientContract, make_reference, make_segments, read_samples
from tests.ray_cluster import num_chunks, num_steps, run_cluster

from myna.domain.errors import DeadlineExceeded, EngineFailure, Overloaded, ServiceUnavailable
from myna.domain.voice import VoiceArtifact
from myna.domain.waveform import Samples, Waveform
from myna.engines.base import EngineSettings, EngineSpec
from myna.engines.tone.artifact import write_artifact
from myna.engines.tone.spec import SPEC as TONE
from myna.runtime.foreground import Foreground
from myna.runtime.in_process import InProcessEngineClient
from myna.runtime.offload import ThreadOffload
from myna.usecases.ports import Offload

pytestmark = pytest.mark.ray
LONG = make_segments(*["a text of some words"] * 16)
NUM_CHUNKS_OF_LONG = 16 * 6


def open_tone(spec: EngineSpec, served: Path, num_slots: int = 1) -> Callable[[], InProcessEngineClient]:
    """served: by which the replicas of a node know that others serve somebody."""
    settings = EngineSettings(Path("unused"))
    return lambda: InProcessEngineClient(spec, settings, Foreground(shared=served), num_slots=num_slots)


@pytest.fixture(scope="module")
def handles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Of engines by the names of their applications, and of one for what nobody waits for. They start at once."""
    folder = tmp_path_factory.mktemp("ray")
    served = folder / "served.lock"

    class Analyst:
        def measure_similarity(self, first: Waveform, second: Waveform) -> float:
            return 0.75

    def open_listening() -> tuple[Any, Offload]:
        return Analyst(), ThreadOffload(1, 8, Foreground(shared=served), is_at_leisure=True)

    with run_cluster(folder):
        from ray import serve
        from ray.serve.config import RequestRouterConfig

        from myna.runtime.ray_serve import EngineReplica, LeisureReplica, by_voice

        def deployment(replica: type, **options: Any) -> Any:
            return serve.deployment(replica).options(name="engine", graceful_shutdown_wait_loop_s=0.1, **options)

        router = RequestRouterConfig(**by_voice(num_slots=1))
        applications = {
            name: deployment(EngineReplica, request_router_config=router, **options).bind(open_tone(spec, served))
            for name, spec, options in (
                ("tone", TONE, {"max_ongoing_requests": 16, "max_queued_requests": 32}),
                ("slow", SLOW, {"max_ongoing_requests": 2, "max_queued_requests": 1}),
                ("affine", TONE, {"max_ongoing_requests": 16, "num_replicas": 2}),
            )
        }
        at_leisure = deployment(LeisureReplica, ray_actor_options={"num_cpus": 0})
        applications["leisure"] = at_leisure.bind(open_tone(SLOW, served, 0), open_listening)
        targets = [serve.RunTarget(application, name, None) for name, application in applications.items()]
        yield dict(zip(applications, serve.run_many(targets), strict=True))


def open_client(spec: EngineSpec, handle: Any, leisure: Any = None, **more: Any) -> Any:
    from myna.runtime.ray_serve import RayEngineClient

    return RayEngineClient(spec, handle, leisure or handle, **more)


def handle_of_loop(application: str) -> Any:
    """Whose calls stay in the loop of the test, as those of the `api` replicas do."""
    from ray.serve.handle import DeploymentHandle

    handle = DeploymentHandle("engine", application)
    handle._init(_run_router_in_separate_loop=False)
    return handle


class TestRayEngineClient(EngineClientContract):
    """Over the tone engine, one replica with one slot."""

    @pytest.fixture
    async def client(self, handles: dict[str, Any]) -> AsyncIterator[Any]:
        client = open_client(TONE, handle_of_loop("tone"))
        await client.start()
        yield client
        await client.close()


SLOW = slow_engine.SPEC
VOICE = VoiceArtifact(write_artifact(130.0), SLOW.id, SLOW.version)


@pytest.fixture
def slow(handles: dict[str, Any]) -> Any:
    return handles["slow"]


@pytest.fixture
async def client(slow: Any) -> AsyncIterator[Any]:
    client = open_client(SLOW, handle_of_loop("slow"))
    await client.start()
    yield client
    await client.close()


async def test_nothing_is_made_for_somebody_who_left(client: Any) -> None:
    """Whether they close the stream, are cancelled with it, or before its first chunk; the next is served at once."""
    for leave in ("close", "cancel", "early"):
        before = num_chunks()
        stream = asyncio.create_task(client.synthesize(VOICE, LONG, OPTIONS))
        if leave == "early":
            async with asyncio.timeout(60):
                while num_chunks() == before:
                    await asyncio.sleep(0.005)
            stream.cancel()
            await asyncio.wait([stream])
            if not stream.cancelled():
                await stream.result().aclose()
        else:
            chunks = aiter(await stream)
            for _ in range(3):
                await anext(chunks)
            if leave == "close":
                await stream.result().aclose()
            else:
                reading = asyncio.create_task(anext(chunks))
                await asyncio.sleep(0)
                reading.cancel()
                await asyncio.wait([reading])
        assert len(await read_samples(await client.synthesize(VOICE, make_segments("words"), OPTIONS)))
        assert num_chunks() - before < 15


async def test_a_slow_reader_is_not_waited_for(client: Any) -> None:
    """Who does not read has a little made for them and no more, and others are served meanwhile; nothing is lost."""
    before = num_chunks()
    stream = await client.synthesize(VOICE, LONG, OPTIONS)
    for _ in range(8):
        assert len(await read_samples(await client.synthesize(VOICE, make_segments("some words"), OPTIONS)))
    assert num_chunks() - before < NUM_CHUNKS_OF_LONG / 2 + 8 * 3
    items = [item async for item in stream]
    assert [item.segment_index for item in items if item.ends_segment] == list(range(len(LONG)))


async def test_streams_take_turns_within_a_sentence(client: Any) -> None:
    """Who comes while another's sentence is spoken hears the first of theirs long before it ends: that takes twenty
    seconds."""
    sentence = make_segments("words " * 600)
    first = await client.synthesize(VOICE, sentence, OPTIONS)
    heard: list[Samples] = []

    async def read() -> None:
        async for chunk in first:
            heard.append(chunk.samples)  # noqa: PERF401  (it is read meanwhile)

    reading = asyncio.create_task(read())
    before = num_chunks()
    second = await client.synthesize(VOICE, sentence, OPTIONS)
    assert num_chunks() - before < 600 * 6 * 0.06 / 0.2 / 4
    told = [(await anext(second)).samples for _ in range(20)]
    while len(heard) < len(told):
        assert not reading.done()
        await asyncio.sleep(0.01)
    reading.cancel()
    await asyncio.wait([reading])
    await second.aclose()
    np.testing.assert_array_equal(np.concatenate(told), np.concatenate(heard[: len(told)]))


async def test_the_line_has_an_end(handles: dict[str, Any]) -> None:
    """Two take turns, one waits at Ray's router, more are refused; who was let in is not refused later. For a while
    somebody who only sees that the line is full takes those behind it for alive."""
    handle = handle_of_loop("slow")
    client, patient, impatient = clients = [open_client(SLOW, handle, full_s=full_s) for full_s in (300, 300, 0)]
    for each in clients:
        await each.start()
    two = [await client.synthesize(VOICE, LONG, OPTIONS) for _ in range(2)]
    more = (client.synthesize(VOICE, LONG, OPTIONS) for _ in range(3))
    waiting = asyncio.gather(*more, return_exceptions=True)
    await becomes_ready(impatient, False)
    assert patient.is_ready
    reading = [asyncio.create_task(read_samples(stream)) for stream in two]
    results = await waiting
    (third,) = (result for result in results if not isinstance(result, BaseException))
    assert [type(result) for result in results if isinstance(result, BaseException)] == [Overloaded] * 2
    spoken = await asyncio.gather(*reading, read_samples(third))
    assert len({len(samples) for samples in spoken}) == 1
    await becomes_ready(impatient, True)
    for each in clients:
        await each.close()


async def becomes_ready(client: Any, is_ready: bool) -> None:
    async with asyncio.timeout(60):
        while client.is_ready != is_ready:
            await asyncio.sleep(0.02)


async def test_a_deadline_ends_the_wait(slow: Any) -> None:
    """A cluster that does not answer in time is told of, and what was asked is taken back."""
    client = open_client(SLOW, slow, deadline_s=slow_engine.CHUNK_S / 3)
    with pytest.raises(DeadlineExceeded):
        await client.synthesize(VOICE, LONG, OPTIONS)


async def test_errors_are_ours(client: Any) -> None:
    """What an engine raises reaches this side as a failure with an id of the replica's log, and no name of Ray's."""
    with pytest.raises(EngineFailure, match=r"error id [0-9a-f]{12}") as caught:
        await client.synthesize(VOICE, make_segments("trip"), OPTIONS)
    assert type(caught.value) is EngineFailure
    assert "ray" not in caught.value.message.lower()


async def test_a_killed_replica_is_an_error_of_ours(client: Any, slow: Any) -> None:
    """In mid-stream; Ray Serve starts another and the next request is served."""
    pid = (await slow.describe.remote())["pid"]
    stream = await client.synthesize(VOICE, LONG, OPTIONS)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ServiceUnavailable):
        await read_samples(stream)
    assert len(await read_samples(await client.synthesize(VOICE, make_segments("words"), OPTIONS)))


async def test_work_at_leisure_yields(handles: dict[str, Any]) -> None:
    """To refine a voice, or to listen to it, no step is made while another replica of the node speaks to somebody."""
    from myna.runtime.ray_serve import RaySampleAnalyst

    slow, leisure = handles["slow"], handles["leisure"]
    client = open_client(SLOW, slow, leisure)
    await client.start()
    analyst = RaySampleAnalyst(slow, leisure)  # whose method the other does not have
    offload = ThreadOffload(1, 8, is_at_leisure=True)
    reference = make_reference(130.0)
    assert await client.refine_voice(VOICE, reference) == VOICE
    before = num_steps()
    stream = await client.synthesize(VOICE, LONG, OPTIONS)
    work = [
        asyncio.create_task(client.refine_voice(VOICE, reference)),
        asyncio.create_task(offload(partial(analyst.measure_similarity, reference.waveform, reference.waveform))),
    ]
    for _ in range(NUM_CHUNKS_OF_LONG // 2):
        await anext(stream)
    # It makes a little ahead, and so is not at its end.
    assert not any(task.done() for task in work)
    assert num_steps() == before
    await read_samples(stream)
    assert await asyncio.gather(*work) == [VOICE, 0.75]
    assert num_steps() == before + slow_engine.NUM_STEPS
    offload.close()


async def test_a_voice_goes_where_it_is_known(handles: dict[str, Any]) -> None:
    """Once Ray has heard where each of sixteen voices is loaded, what is asked of it goes there."""
    handle = handles["affine"]
    client = open_client(TONE, handle)
    voices = [replace(VOICE, content=write_artifact(100.0 + pitch), engine_id=TONE.id) for pitch in range(16)]
    for voice in voices * 5:
        await read_samples(await client.synthesize(voice, make_segments("words"), OPTIONS))
    found: dict[str, dict[str, Any]] = {}
    while len(found) < 2:
        about = await handle.describe.remote()
        found[about["replica"]] = about
    assert sum(about["spoken"] for about in found.values()) == 80
    assert sum(about["loaded"] for about in found.values()) <= 40
    assert min(about["spoken"] for about in found.values()) > 0


# --- what a cluster seldom does, without one --------------------------------------------------------------------------


class Replica:
    """What Ray's router knows of one, and asks it."""

    def __init__(self, name: str, voices: set[str], num_open: int | None) -> None:
        """num_open: requests that it has; None: it does not say."""
        from ray.serve._private.common import DeploymentID, ReplicaID

        self.replica_id = ReplicaID(name, DeploymentID("engine"))
        self.multiplexed_model_ids = voices
        self.max_ongoing_requests = 16
        self.num_open = num_open

    async def get_queue_len(self, *, deadline_s: float) -> int:
        if self.num_open is None:
            await asyncio.sleep(10 * deadline_s)
        assert self.num_open is not None
        return self.num_open


@pytest.mark.filterwarnings("ignore")  # of Ray's, at its import
@pytest.mark.parametrize(
    ("num_open", "others", "is_chosen"), [(0, 0, True), (1, 0, False), (1, 1, True), (None, 0, False), (None, 1, False)]
)
async def test_a_count_that_ray_forgot_is_asked_for(num_open: int | None, others: int, is_chosen: bool) -> None:
    """After ten seconds: a replica that knows the voice is free if it says so, and not if it says nothing; of two that
    are equally busy it is taken, too. However many know the voice, one that does not is asked, too."""
    from ray.serve._private.common import DeploymentHandleSource, DeploymentID, RequestMetadata
    from ray.serve.request_router import PendingRequest

    from myna.runtime.ray_serve import VoiceRouter

    now_s = 0.0
    router = VoiceRouter(
        DeploymentID("engine"),
        DeploymentHandleSource.REPLICA,
        use_replica_queue_len_cache=True,
        get_curr_time_s=lambda: now_s,
    )
    router.initialize_state(num_slots=1)
    router.queue_len_response_deadline_s = 0.05
    warm, idle = Replica("warm", {"voice"}, 0), Replica("idle", set(), 0)
    router.update_replicas([warm, idle])

    async def choose() -> Any:
        metadata = RequestMetadata("request", f"at {now_s}", multiplexed_model_id="voice")
        return await router._choose_replica_for_request(PendingRequest([], {}, metadata))

    assert await choose() is warm
    now_s, warm.num_open, idle.num_open = 11.0, num_open, others
    router.update_replicas([warm, idle, *(Replica(f"warm {each}", {"voice"}, num_open) for each in range(8))])
    assert (await choose() is not idle) == is_chosen


async def test_a_loop_that_is_stuck_is_told_of(handles: dict[str, Any]) -> None:
    """Who asks from another thread does not wait for it for ever, and nothing is asked for them later."""
    from myna.runtime import ray_serve

    analyst = ray_serve.RaySampleAnalyst(handles["leisure"], handles["leisure"], deadline_s=0.05, loop_s=0.05)
    with ThreadPoolExecutor(1) as threads, pytest.raises(DeadlineExceeded):
        threads.submit(analyst.read, b"").result()  # in the loop, which does nothing else meanwhile
    assert asyncio.all_tasks() == {asyncio.current_task()}


# --- the HTTP contract's own tests, with the engine on the cluster ----------------------------------------------------

WITH_SOCKETS = (test_http_socket,)
OTHERS = (test_http_elevenlabs, test_http_errors, test_http_speech, test_http_voices)


@pytest.fixture
async def service(request: pytest.FixtureRequest, handles: dict[str, Any]) -> AsyncIterator[HttpService]:
    services = build_tone_services(engine=open_client(TONE, handles["tone"]))
    is_socket = any(request.function is test for module in WITH_SOCKETS for test in vars(module).values())
    async with serve(services=services) if is_socket else open_service(services=services) as service:
        yield service


def _tests_of_a_service() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Those that take nothing but the fixture above (and their own parameters)."""
    for module in (*WITH_SOCKETS, *OTHERS):
        fixtures = {name for name, thing in vars(module).items() if isinstance(thing, FixtureFunctionDefinition)}
        for name, test in vars(module).items():
            wanted = set(inspect.signature(test).parameters) if inspect.isfunction(test) else set()
            if name.startswith("test_") and "service" in wanted and not wanted & (fixtures - {"service"}):
                yield name.replace("test_", f"{module.__name__.rpartition('.')[2]}_", 1), test


globals().update(_tests_of_a_service())
