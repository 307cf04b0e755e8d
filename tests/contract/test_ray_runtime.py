"""On Ray Serve the engine client keeps the promises of the one in process, and HTTP over it those of HTTP."""

import asyncio
import inspect
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from _pytest.fixtures import FixtureFunctionDefinition
from tests import slow_engine
from tests.contract import test_http_socket, test_http_speech, test_http_voices
from tests.contract.http_service import HttpService, build_tone_services, open_service, serve
from tests.engine_client_contract import OPTIONS, EngineClientContract, make_segments, read_samples
from tests.ray_cluster import num_chunks, run_cluster

from myna.domain.errors import DeadlineExceeded, EngineFailure, Overloaded, ServiceUnavailable
from myna.domain.voice import VoiceArtifact
from myna.engines.base import EngineSettings, EngineSpec
from myna.engines.tone.artifact import write_artifact
from myna.engines.tone.spec import SPEC as TONE
from myna.runtime.in_process import InProcessEngineClient

pytestmark = pytest.mark.ray
LONG = make_segments(*["a text of some words"] * 16)
NUM_CHUNKS_OF_LONG = 16 * 6


def open_tone(spec: EngineSpec) -> Callable[[], InProcessEngineClient]:
    return lambda: InProcessEngineClient(spec, EngineSettings(Path("unused")))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    with run_cluster(tmp_path_factory.mktemp("ray")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def deploy(cluster: object) -> Callable[..., Any]:
    """Handle of an application of engine replicas."""
    from ray import serve

    from myna.runtime.ray_serve import EngineReplica

    def run(name: str, spec: EngineSpec, **options: Any) -> Any:
        deployment = serve.deployment(EngineReplica).options(name="engine", max_ongoing_requests=1, **options)
        return serve.run(deployment.bind(open_tone(spec)), name=name, route_prefix=None)

    return run


def open_client(spec: EngineSpec, handle: Any, **more: Any) -> Any:
    from myna.runtime.ray_serve import RayEngineClient

    return RayEngineClient(spec, handle, handle, **more)


@pytest.fixture(scope="module")
def tone(deploy: Callable[..., Any]) -> Any:
    return deploy("tone", TONE, max_queued_requests=32)


class TestRayEngineClient(EngineClientContract):
    """Over the tone engine, one replica with one slot."""

    @pytest.fixture
    async def client(self, tone: Any) -> AsyncIterator[Any]:
        client = open_client(TONE, tone)
        await client.start()
        yield client
        await client.close()


SLOW = slow_engine.SPEC
VOICE = VoiceArtifact(write_artifact(130.0), SLOW.id, SLOW.version)


@pytest.fixture(scope="module")
def slow(deploy: Callable[..., Any]) -> Any:
    return deploy("slow", SLOW, max_queued_requests=1)


@pytest.fixture
async def client(slow: Any) -> AsyncIterator[Any]:
    client = open_client(SLOW, slow)
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
    """Who does not read has a turn made for them and no more, and meanwhile others are served; nothing is lost."""
    before = num_chunks()
    stream = await client.synthesize(VOICE, LONG, OPTIONS)
    assert len(await read_samples(await client.synthesize(VOICE, make_segments("words"), OPTIONS)))
    assert num_chunks() - before < NUM_CHUNKS_OF_LONG * 3 / 4
    items = [item async for item in stream]
    assert [item.segment_index for item in items if item.ends_segment] == list(range(len(LONG)))


async def test_the_line_has_an_end(client: Any) -> None:
    """One is spoken, one waits at Ray's router, more are refused; who was let in is not refused later."""
    first = await client.synthesize(VOICE, LONG, OPTIONS)
    more = (client.synthesize(VOICE, LONG, OPTIONS) for _ in range(3))
    results = [first, *await asyncio.gather(*more, return_exceptions=True)]
    streams = [result for result in results if not isinstance(result, BaseException)]
    assert [type(result) for result in results if isinstance(result, BaseException)] == [Overloaded] * 2
    lengths = [len(samples) for samples in await asyncio.gather(*map(read_samples, streams))]
    assert lengths[0] == lengths[1] > 0


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


async def test_a_voice_goes_where_it_is_known(deploy: Callable[..., Any]) -> None:
    """Once Ray has heard where each of six voices is loaded, what is asked of it goes there."""
    handle = deploy("affine", TONE, num_replicas=2)
    client = open_client(TONE, handle)
    voices = [replace(VOICE, content=write_artifact(100.0 + pitch), engine_id=TONE.id) for pitch in range(6)]
    for voice in voices * 5:
        await read_samples(await client.synthesize(voice, make_segments("words"), OPTIONS))
    found: dict[str, dict[str, Any]] = {}
    while len(found) < 2:
        about = await handle.describe.remote()
        found[about["replica"]] = about
    assert sum(about["spoken"] for about in found.values()) == 30
    assert sum(about["loaded"] for about in found.values()) <= 15
    assert min(about["spoken"] for about in found.values()) > 0


# --- the HTTP contract's own tests that reach the engine, with the engine on the cluster ------------------------------

WITH_SOCKETS = (test_http_socket,)
OTHERS = (test_http_speech, test_http_voices)


@pytest.fixture
async def service(request: pytest.FixtureRequest, tone: Any) -> AsyncIterator[HttpService]:
    services = build_tone_services(engine=open_client(TONE, tone))
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
