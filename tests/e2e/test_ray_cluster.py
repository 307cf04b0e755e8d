"""The whole product on a Ray cluster of two nodes, on PostgreSQL and S3, and what callers see when parts of it go."""

import asyncio
import base64
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import yaml
from tests.conftest import DATA
from tests.e2e import test_stock_clients_inworld_js
from tests.ray_cluster import add_node, num_chunks, run_cluster
from tests.store_servers import S3, Postgres, free_port, s3_environment
from tests.tcp_proxy import Fault, TcpProxy, run_proxy

from myna.bootstrap import build_services
from myna.config import Settings
from myna.domain.errors import InvalidRequest
from myna.domain.scope import WRITE
from myna.domain.voice import WorkspaceId

pytestmark = [pytest.mark.ray, pytest.mark.weights]

EXAMPLES = Path(__file__).parents[2] / "examples" / "ray"
RECORDING = base64.b64encode((DATA / "demo_reference.flac").read_bytes()).decode()
LONG = "This is a sentence of some words. " * 40
NUM_CHUNKS_OF_LONG = len(LONG) * 0.06 / 0.2
_WAIT_S = 240.0


@dataclass
class Service:
    """The application on the cluster."""

    cluster: Any
    database: TcpProxy
    blobs: TcpProxy
    config: dict[str, Any]
    here: httpx.Client
    """The HTTP proxy of the head's node, which has one replica of the application..."""
    there: httpx.Client
    """... and that of the other node, which has another."""
    key: str

    def deploy(self, num_engines: int, **engine: Any) -> None:
        """Bring the cluster to the config file, with other options of the engine's deployment; waits until it is so."""
        engine["autoscaling_config"] = {"min_replicas": num_engines, "max_replicas": num_engines}
        from ray import serve
        from ray.serve.context import _get_global_client
        from ray.serve.schema import ServeDeploySchema

        options = {deployment["name"]: deployment for deployment in self.config["applications"][0]["deployments"]}
        options["engine"] |= engine
        # What `serve run` does with a config file.
        _get_global_client().deploy_apps(ServeDeploySchema(**self.config))

        def is_done() -> bool:
            application = serve.status().applications["myna"]
            return application.status == "RUNNING" and application.deployments["engine"].replica_states == {
                "RUNNING": num_engines
            }

        wait_until(is_done)

    def engines(self) -> dict[int, dict[str, Any]]:
        """Processes of the engine's replicas, and what they tell of themselves; with many of them perhaps not all."""
        from ray.serve import get_deployment_handle

        async def look() -> dict[int, dict[str, Any]]:
            handle = get_deployment_handle("engine", "myna")
            return {one["pid"]: one for one in [await handle.describe.remote() for _ in range(8)]}

        return asyncio.run(look())

    def as_one_server(self) -> Any:
        """What the tests of a `LiveServer` want to know of it. Its log: what Ray and all that run on it wrote."""
        logs = Path(self.cluster.head_node.get_logs_dir_path())
        log = SimpleNamespace(
            read_text=lambda: "".join(file.read_text(errors="replace") for file in logs.rglob("*") if file.is_file())
        )
        return SimpleNamespace(url=str(self.here.base_url).rstrip("/"), key=self.key, log=log)

    def nodes(self) -> set[str]:
        """Those that engines are on."""
        return {one["node"] for one in self.engines().values()}


@pytest.fixture(scope="module")
def service(postgres: Postgres, s3: S3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("ray")
    here, there = free_port(), free_port()
    config = yaml.safe_load((EXAMPLES / "one-machine.yaml").read_text())
    config["proxy_location"] = "EveryNode"
    config["http_options"] |= {"port": here}
    config["applications"][0]["deployments"] += [{"name": "api", "num_replicas": 2, "max_replicas_per_node": 1}]
    with run_proxy(postgres.port) as database, run_proxy(s3.port) as blobs:
        settings = {
            "MYNA_DATABASE_URL": postgres.create_database().replace(str(postgres.port), str(database.port)),
            "MYNA_BLOB_URL": s3.new_url(),
            "MYNA_TOKEN_SECRET": "a secret of tests and of nothing else",
            "MYNA_DATA_DIR": str(folder / "data"),
            "MYNA_ENGINE": "slow",
            "MYNA_PRELOAD_MODELS": "false",
            "MYNA_MEASURE_SIMILARITY": "false",
            **s3_environment(f"http://127.0.0.1:{blobs.port}"),
        }
        with run_cluster(folder, here, RAY_SERVE_WORKER_PROXY_HTTP_PORT=str(there), **settings) as cluster:
            key = asyncio.run(make_key())
            headers = {"Authorization": f"Basic {key}"}
            clients = [
                httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=_WAIT_S)
                for port in (here, there)
            ]
            service = Service(cluster, database, blobs, config, *clients, key)
            service.deploy(1)
            yield service
            for client in clients:
                client.close()


async def make_key() -> str:
    services = build_services(Settings(engine="tone"))
    await services.prepare_store()
    try:
        return (await services.keys.create(WorkspaceId("demo"), WRITE))[0]
    finally:
        await services.release()


def clone(http: httpx.Client, name: str) -> str:
    body = {
        "displayName": name,
        "langCode": "EN_US",
        "voiceSamples": [{"audioData": RECORDING, "transcription": "words"}],
    }
    return str(http.post("/voices/v1/voices:clone", json=body).raise_for_status().json()["voice"]["voiceId"])


def speak(http: httpx.Client, voice_id: str = "Dennis", text: str = "Still here.") -> httpx.Response:
    body = {"text": text, "voiceId": voice_id, "modelId": "inworld-tts-1", "audioConfig": {"audioEncoding": "PCM"}}
    return http.post("/tts/v1/voice", json=body)


@contextmanager
def streaming(http: httpx.Client, voice_id: str = "Dennis") -> Iterator[Iterator[dict[str, Any]]]:
    """The lines of a long stream, of which the first was read."""
    body = {"text": LONG, "voiceId": voice_id, "modelId": "inworld-tts-1", "audioConfig": {"audioEncoding": "PCM"}}
    with http.stream("POST", "/tts/v1/voice:stream", json=body) as reply:
        assert reply.status_code == 200
        lines = (json.loads(line) for line in reply.iter_lines())
        assert "result" in next(lines)
        yield lines


def last_error(lines: Iterator[dict[str, Any]]) -> int:
    """The code of the line with which the stream ends."""
    *_, last = lines
    assert last["error"]["details"] == []
    return int(last["error"]["code"])


@dataclass
class Load:
    """Requests without a pause, while something is done to the cluster."""

    statuses: list[int] = field(default_factory=list)

    @contextmanager
    def on(self, http: httpx.Client) -> Iterator[None]:
        is_over = threading.Event()

        def ask() -> None:
            while not is_over.is_set():
                self.statuses.append(speak(http).status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            yield
        finally:
            is_over.set()
            asking.join()


def wait_until(is_true: Callable[[], bool]) -> None:
    until_s = time.monotonic() + _WAIT_S
    while not is_true():
        assert time.monotonic() < until_s
        time.sleep(0.1)


def test_a_voice_is_everywhere_and_gone_everywhere(service: Service) -> None:
    """Cloned at one HTTP replica, spoken at the other, deleted at the first while the other speaks with it."""
    voice_id = clone(service.here, "Shared")
    assert speak(service.there, voice_id).raise_for_status().json()["audioContent"]
    with streaming(service.there, voice_id) as lines:
        service.here.delete(f"/voices/v1/voices/{voice_id}").raise_for_status()
        assert last_error(lines) == 5
    assert [speak(http, voice_id).status_code for http in (service.here, service.there)] == [404, 404]


def test_nothing_is_spoken_for_who_left(service: Service) -> None:
    """A client that closes its connection ends the work of a replica two processes behind it."""
    before = num_chunks()
    with streaming(service.here):
        pass
    assert speak(service.here).status_code == 200  # the one replica has room again
    assert num_chunks() - before < NUM_CHUNKS_OF_LONG * 3 / 4  # that a machine stands still for seconds


def test_bad_requests_have_the_one_body(service: Service) -> None:
    """Through Ray's HTTP proxy a refusal is what it is anywhere: status, code, message, the request's own id."""
    rays = {b"Authorization": b"Basic wrong", b"x-request-id": b"\xff", b"x-request-timeout-seconds": b"0.0001"}
    for reply, status in (
        (speak(service.here, "Nobody"), 404),
        (speak(service.here, text="word " * 1000), 400),
        (service.here.get("/nowhere"), 404),
        (service.here.get("/voices/v1/voices", headers=rays), 403),
    ):
        assert reply.status_code == status
        assert set(reply.json()) == {"code", "message", "details"}
        ids = [reply.headers.get_list(name) for name in ("x-inworld-request-id", "x-request-id")]
        assert ids[0] == ids[1]
        assert len(ids[0]) == 1


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # Inworld's SDK leaves its sessions open
async def test_published_clients_speak_clone_and_listen(service: Service) -> None:
    """Of each what it does with speech as it comes, and of some what the listening replica hears, by their own tests;
    address, key and log are all that differs."""
    import aiohttp
    import elevenlabs
    from inworld_tts import InworldTTS
    from tests.e2e import (
        test_inworld_sdk,
        test_stock_clients_elevenlabs,
        test_stock_clients_livekit,
        test_stock_clients_openai,
        test_stt,
    )

    server = service.as_one_server()
    await test_stock_clients_openai.test_the_asynchronous_client_streams(server)
    with InworldTTS(api_key=server.key, base_url=server.url) as sdk:
        await test_inworld_sdk.test_a16_stream(sdk, "PCM")
    with httpx.Client() as http:
        client = elevenlabs.ElevenLabs(base_url=server.url, api_key=server.key, httpx_client=http)
        test_stock_clients_elevenlabs.test_it_speaks_whole_and_streamed(client)
        test_stock_clients_elevenlabs.test_a_voice_is_cloned_listed_and_speaks(client)
    test_stt.test_a_recording_is_written_down(server)
    async with aiohttp.ClientSession() as session:
        agent = test_stock_clients_livekit.Agent(server, session)
        await test_stock_clients_livekit.test_tokens_are_spoken_with_the_time_of_each_word(agent, "inworld-tts-2")
        await agent.close()


@test_stock_clients_inworld_js.needs_sdk
def test_the_javascript_sdk_does_everything(service: Service, tmp_path: Path) -> None:
    """As with one machine; its clones and its descriptions are heard and made by replicas."""
    test_stock_clients_inworld_js.test_the_javascript_sdk_does_everything(service.as_one_server(), tmp_path)


def test_readiness_is_of_the_engines(service: Service) -> None:
    """Within five seconds, as the times are set, `/readyz` tells that no engine answers any more, and that one does
    again."""
    from myna.runtime import ray_serve

    assert ray_serve._SILENCE_S + ray_serve._LOOK_S + 2 * ray_serve._PING_S < 5
    (pid,) = service.engines()
    for sign, status in ((signal.SIGSTOP, 503), (signal.SIGCONT, 200)):
        os.kill(pid, sign)
        wait_until(lambda: service.here.get("/readyz").status_code == status)  # noqa: B023


def test_a_killed_replica_ends_its_streams_well(service: Service) -> None:
    """The error line of the contract, of who spoke as of who answered; the next request waits for the new replica."""
    import ray

    (pid,) = service.engines()
    names = [each["name"] for each in ray.util.list_named_actors(all_namespaces=True)]
    for kill in (
        lambda: os.kill(pid, signal.SIGKILL),
        lambda: [ray.kill(ray.get_actor(name, "serve")) for name in names if "myna#api#" in name],
    ):
        with streaming(service.here) as lines:
            kill()
            assert last_error(lines) == 14
        assert speak(service.here).status_code == 200


def test_the_controller_may_die(service: Service) -> None:
    """Ray starts another; nobody who speaks notices."""
    import ray
    from ray.serve._private.constants import SERVE_CONTROLLER_NAME, SERVE_NAMESPACE

    load = Load()
    with load.on(service.here), streaming(service.there) as lines:
        ray.kill(ray.get_actor(SERVE_CONTROLLER_NAME, SERVE_NAMESPACE), no_restart=False)
        assert all("result" in line for line in lines)
        service.deploy(1)
    assert set(load.statuses) == {200}


def test_scaling_and_rolling_fail_no_request(service: Service) -> None:
    """From one replica to two, each of them replaced by another, and back to one."""
    load = Load()
    with load.on(service.here), streaming(service.there) as lines:
        service.deploy(2)
        service.deploy(2, ray_actor_options={"num_cpus": 0.9})
        service.deploy(1, ray_actor_options={"num_cpus": 0.9})
        assert all("result" in line for line in lines)
    assert set(load.statuses) == {200}


@pytest.mark.parametrize("server", ["database", "blobs"])
def test_the_store_goes_and_comes_back(service: Service, server: str) -> None:
    """At every HTTP replica `/readyz` says so within 5 s and whoever needs it gets 503 in the one body; then all is as
    before, with everything that was acknowledged."""
    proxy: TcpProxy = getattr(service, server)
    kept = clone(service.here, f"Kept without {server}")
    proxy.fault = Fault.GONE
    for http in (service.here, service.there):
        assert http.get("/readyz", timeout=5).status_code == 503
        refused = http.get("/voices/v1/voices") if server == "database" else speak(http, kept)
        assert (refused.status_code, refused.json()["code"]) == (503, 14)
    with pytest.raises(httpx.HTTPStatusError):
        clone(service.there, f"Never without {server}")
    proxy.fault = Fault.NONE
    for http in (service.there, service.here):
        assert http.get("/readyz", timeout=5).status_code == 200
        assert speak(http, kept).raise_for_status().json()["audioContent"]
        names = [voice["displayName"] for voice in http.get("/voices/v1/voices").json()["voices"]]
        assert [names.count(f"{word} without {server}") for word in ("Kept", "Never")] == [1, 0]


def test_a_replica_that_hangs_is_replaced(service: Service) -> None:
    """Ray asks it for its health in vain, and kills it: its streams end with the error line, others are served."""
    service.deploy(1, health_check_period_s=0.5, health_check_timeout_s=3.0)
    (pid,) = service.engines()
    with streaming(service.here) as lines:
        os.kill(pid, signal.SIGSTOP)
        assert last_error(lines) == 14
    assert speak(service.there).status_code == 200


def test_a_node_may_be_lost_and_another_may_join(service: Service) -> None:
    """Each of two has an engine; with one of them gone, requests go to the other's. A new one takes a replica, and
    requests with it."""
    service.deploy(2, max_replicas_per_node=1, health_check_timeout_s=30.0)
    wait_until(lambda: len(service.nodes()) == 2)
    (node,) = service.cluster.worker_nodes
    service.cluster.remove_node(node, allow_graceful=False)
    wait_until(lambda: speak(service.here).status_code == 200)
    wait_until(lambda: service.nodes() == {service.cluster.head_node.node_id})
    for _ in range(5):
        assert speak(service.here).status_code == 200
    joined = add_node(service.cluster).node_id
    wait_until(lambda: joined in service.nodes())
    with streaming(service.here) as first, streaming(service.here) as second:
        for lines in (first, second):
            assert all("result" in line for line in lines)
    wait_until(lambda: any(one["node"] == joined and one["spoken"] for one in service.engines().values()))


def test_state_of_one_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite, a folder and a secret in a file: the reason is told before anything is started."""
    pytest.importorskip("ray.serve")
    from myna.deploy.ray_app import build

    for name in ("MYNA_DATABASE_URL", "MYNA_BLOB_URL", "MYNA_TOKEN_SECRET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InvalidRequest, match=r"MYNA_DATABASE_URL .*MYNA_BLOB_URL .*MYNA_TOKEN_SECRET .*one machine"):
        build({})
