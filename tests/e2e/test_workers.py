"""`myna serve --workers 2`: two processes are one service, and one of them may die."""

import asyncio
import base64
import contextlib
import json
import os
import resource
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.live_server import LiveServer, run_server

from myna.cli import workers
from myna.config import Settings
from myna.domain.scope import WRITE
from myna.domain.voice import WorkspaceId
from myna.observability.audit_log import AUDIT_FILE, verify_audit_log
from myna.runtime.clock import SystemClock
from myna.store.opening import open_stores
from myna.usecases.ports import KeyStore

RECORDING = Path(__file__).parents[1] / "data" / "demo_reference.flac"
VOICES = "/voices/v1/voices"
MOST = 30
QUICK = {"MYNA_PRELOAD_MODELS": "0", "MYNA_MEASURE_SIMILARITY": "0", "MYNA_MAX_REQUESTS_PER_MINUTE": str(MOST)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("workers")
    with run_server(folder / "data", "tone", ["--workers", "2"], QUICK) as running:
        yield running
        assert len(workers_of(running)) == 2
    assert not Path(f"/proc/{running.pid}").exists()


@pytest.fixture
def both(server: LiveServer) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """A connection to each worker: who has fewer gets the next. What was closed before may still count."""
    port, until_s = httpx.URL(server.url).port or 0, time.monotonic() + 60
    while True:
        with open_client(server) as first, open_client(server) as second:
            for client in (first, second):
                assert client.get("/readyz").status_code == 200
            if [num_connections(port, pid) for pid in workers_of(server)] == [1, 1]:
                yield first, second
                return
        assert time.monotonic() < until_s


def open_client(server: LiveServer, key: str = "") -> httpx.Client:
    headers = {"authorization": f"Basic {key or server.key}"}
    limits = httpx.Limits(max_connections=1)
    return httpx.Client(base_url=server.url, headers=headers, limits=limits, timeout=300)


def workers_of(server: LiveServer) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()]


def num_connections(port: int, pid: int) -> int:
    """Of clients, at this worker."""
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    inodes = {row[9] for row in rows if int(row[1].rpartition(":")[2], 16) == port and row[3] == "01"}
    targets = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            targets.append(str(path.readlink()))
    return sum(target[8:-1] in inodes for target in targets)


def with_keys(server: LiveServer, work: Callable[[KeyStore], Awaitable[Any]]) -> Any:
    """As the command does, without its start."""

    async def run() -> Any:
        stores = open_stores(server.data_dir, SystemClock())
        try:
            await stores.prepare()
            return await work(stores.keys)
        finally:
            await stores.release()

    return asyncio.run(run())


def until(is_true: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < until_s
        time.sleep(0.02)


def test_a_voice_is_deleted_everywhere(server: LiveServer, both: tuple[httpx.Client, httpx.Client]) -> None:
    """Cloned at one worker, spoken at the other, deleted at the first: its running stream ends, and no one has it."""
    one, other = both
    sample = {"audioData": base64.b64encode(RECORDING.read_bytes()).decode()}
    cloned = one.post(f"{VOICES}:clone", json={"displayName": "Ann", "langCode": "EN_US", "voiceSamples": [sample]})
    voice_id = cloned.json()["voice"]["voiceId"]
    audio = {"audioEncoding": "LINEAR16", "sampleRateHertz": 48000}
    body = {"text": "One more sentence. " * 200, "voiceId": voice_id, "modelId": "inworld-tts-2", "audioConfig": audio}
    with other.stream("POST", "/tts/v1/voice:stream", json=body) as reply:
        lines = reply.iter_lines()
        assert "result" in json.loads(next(lines))
        assert one.delete(f"{VOICES}/{voice_id}").status_code == 200
        rest = [json.loads(line) for line in lines]
    assert rest[-1]["error"]["code"] == 5
    assert all("result" in line for line in rest[:-1])
    for client in both:
        assert client.get(f"{VOICES}/{voice_id}").status_code == 404
        assert client.post("/tts/v1/voice", json=body | {"text": "Gone."}).status_code == 404


def test_limits_and_revocations_hold_at_both(server: LiveServer, both: tuple[httpx.Client, httpx.Client]) -> None:
    """Requests of a key are counted once over both, wrong keys of a sender too; a revoked key takes its tokens along,
    and a request that is repeated at the other worker makes nothing twice."""
    one, _ = both
    design = {"designPrompt": "A calm old man", "previewText": "Hello there, this is how I sound.", "langCode": "EN_US"}
    made = [
        client.post(f"{VOICES}:design", json=design, headers={"idempotency-key": "k"}).json()["previewVoices"]
        for client in both
    ]
    assert [voice["voiceId"] for voice in made[0]] == [voice["voiceId"] for voice in made[1]]

    key, _ = with_keys(server, lambda keys: keys.create(WorkspaceId("others"), WRITE))
    bearer = {"authorization": f"Basic {key}"}
    turns = cycle(both)
    began_s = time.monotonic()
    statuses = [next(turns).get(VOICES, headers=bearer).status_code for _ in range(MOST + 20)]
    passed_s = time.monotonic() - began_s
    assert MOST <= statuses.count(200) <= MOST + 8 + passed_s / 2  # one more every other second
    assert statuses.count(200) + statuses.count(429) == len(statuses)

    guesses: list[int] = []
    while guesses[-1:] != [429] and len(guesses) < 20:  # ten that are free at each would be twenty
        headers = {"authorization": f"Basic wrong-{len(guesses)}", "x-forwarded-for": "192.0.2.7"}
        guesses.append(next(turns).get(VOICES, headers=headers).status_code)
    assert guesses == [403] * (len(guesses) - 1) + [429]  # the first wait is a second, and then twice as long
    assert len(guesses) > 10

    third_key, row = with_keys(server, lambda keys: keys.create(WorkspaceId("third"), WRITE))
    third = {"authorization": f"Basic {third_key}"}
    token = one.post("/v1/sessionTokens/token:generate", json={}, headers=third).json()["token"]
    of_token = {"authorization": f"Bearer {token}"}
    assert [client.get(VOICES, headers=of_token).status_code for client in both] == [200, 200]
    with_keys(server, lambda keys: keys.revoke(row.key_id))
    for headers in (third, of_token):
        assert [client.get(VOICES, headers=headers).status_code for client in both] == [403, 403]


def test_what_both_write_is_whole(server: LiveServer, both: tuple[httpx.Client, httpx.Client]) -> None:
    """The audit log's chain, with many at once; and /metrics counts for both whoever is asked."""
    body = {"text": "Hello.", "voiceId": "Dennis", "modelId": "inworld-tts-2"}
    key, _ = with_keys(server, lambda keys: keys.create(WorkspaceId("fourth"), WRITE))

    def speak(number: int) -> int:
        with open_client(server, key) as client:
            return [client.post("/tts/v1/voice", json=body).status_code for _ in range(3)].count(200)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(speak, range(8))) == [3] * 8
    report = verify_audit_log([server.data_dir / AUDIT_FILE])
    assert report.problems == []
    assert report.num_lines >= 24
    counts = [
        [
            line
            for line in client.get("/metrics").text.splitlines()
            if 'route="/tts/v1/voice"' in line and "_total" in line
        ]
        for client in both
    ]
    assert counts[0] == counts[1]
    assert sum(float(line.split()[-1]) for line in counts[0]) >= 24


def test_one_may_die(server: LiveServer, both: tuple[httpx.Client, httpx.Client]) -> None:
    """Its own connections break; whoever comes is served meanwhile, and another takes its place."""
    before = workers_of(server)
    port = httpx.URL(server.url).port or 0
    until(lambda: [num_connections(port, pid) for pid in before] == [1, 1])
    os.kill(before[0], signal.SIGKILL)
    for _ in range(10):
        with open_client(server) as client:
            assert client.get("/readyz").status_code == 200
    until(lambda: len(workers_of(server)) == 2)
    assert before[0] not in workers_of(server)
    assert before[1] in workers_of(server)


async def test_whoever_listens_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker that hangs is killed, and whoever comes then is served by the next; one that was told to stop and
    does not is killed in time; that none can be started in its place does not end the service; that its readiness
    cannot be told does, and no process is left."""
    settings = Settings(data_dir=tmp_path, engine="tone", workers=1, drain_s=60)
    patience = workers.Patience(give_back_s=0.2 - settings.drain_s, max_silent_beats=240)
    monkeypatch.setenv("MYNA_PRELOAD_MODELS", "0")
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    others = set(children.read_text().split())

    def own() -> set[str]:
        return set(children.read_text().split()) - others

    async def has_said(what: str) -> None:
        async with asyncio.timeout(60):
            while what not in caplog.text:
                await asyncio.sleep(0.02)

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    listening = socket.create_server(("127.0.0.1", 0))
    address = listening.getsockname()

    async def tell() -> None:
        (worker,) = own()
        os.kill(int(worker), signal.SIGSTOP)
        patience.max_silent_beats = 3
        await has_said("a worker does not answer and is killed")
        patience.max_silent_beats = 240  # on a busy machine one may be silent for a while
        reading, asking = await asyncio.open_connection(*address)
        asking.write(b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(240):  # a process has to start for it, on a busy machine
            assert (await reading.readline()).split()[1] == b"200"
        asking.close()
        (worker,) = own()
        _, asking = await asyncio.open_connection(*address)
        asking.write(b"POST /tts/v1/voice HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n")
        async with asyncio.timeout(60):
            while not num_connections(address[1], int(worker)):
                await asyncio.sleep(0.02)
        os.kill(int(worker), signal.SIGTERM)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            await has_said("a worker does not stop and is killed")
            await has_said("a worker cannot be started")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        asking.close()
        async with asyncio.timeout(60):
            while not own():
                await asyncio.sleep(0.02)
        raise LookupError("nobody to tell")

    with pytest.raises(LookupError, match="nobody to tell"):
        await workers.run_workers(settings, listening, tell, as_json=False, patience=patience)
    assert own() == set()
