"""A real server on PostgreSQL and S3: the main journey, and what it says while one of the two is away."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.conftest import DATA
from tests.live_server import run_server
from tests.store_servers import S3, Postgres, s3_environment
from tests.tcp_proxy import Fault, TcpProxy, run_proxy

QUICK = {"MYNA_PRELOAD_MODELS": "false", "MYNA_MEASURE_SIMILARITY": "false"}
RECORDING = base64.b64encode((DATA / "demo_reference.flac").read_bytes()).decode()

pytestmark = pytest.mark.weights


@dataclass(frozen=True, slots=True)
class Service:
    """A client of the server, and the networks to its database and its object storage."""

    http: httpx.Client
    database: TcpProxy
    blobs: TcpProxy


@pytest.fixture(scope="module")
def service(postgres: Postgres, s3: S3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data_dir: Path = tmp_path_factory.mktemp("shared") / "data"
    with run_proxy(postgres.port) as database, run_proxy(s3.port) as blobs:
        place = {
            "MYNA_DATABASE_URL": postgres.create_database().replace(str(postgres.port), str(database.port)),
            "MYNA_BLOB_URL": s3.new_url(),
            **s3_environment(f"http://127.0.0.1:{blobs.port}"),
        }
        with run_server(data_dir, "tone", settings={**QUICK, **place}) as server:
            headers = {"Authorization": f"Basic {server.key}"}
            with httpx.Client(base_url=server.url, headers=headers, timeout=300) as client:
                yield Service(client, database, blobs)
    own = {"audit.jsonl", "audit.head", "audit.lock", "served.lock", "token.secret"}
    assert {path.name for path in data_dir.iterdir()} <= own, "voices are in the database and the object storage"


@pytest.fixture
def http(service: Service) -> httpx.Client:
    return service.http


def clone(http: httpx.Client, name: str) -> httpx.Response:
    sample = {"audioData": RECORDING, "transcription": "words"}
    body = {"displayName": name, "langCode": "EN_US", "voiceSamples": [sample]}
    return http.post("/voices/v1/voices:clone", json=body)


def voice_id_of(reply: httpx.Response) -> str:
    return reply.raise_for_status().json()["voice"]["voiceId"]


def speak(http: httpx.Client, voice_id: str) -> httpx.Response:
    body = {"text": "Still here.", "voiceId": voice_id, "modelId": "inworld-tts-1"}
    return http.post("/tts/v1/voice", json=body)


@pytest.fixture(scope="module")
def voice_id(service: Service) -> str:
    """A voice that is there all the time."""
    return voice_id_of(clone(service.http, "Kept"))


def test_the_journey(http: httpx.Client, s3: S3) -> None:
    """Clone, speak, delete; the bucket holds the voice in between and nothing of it afterwards."""
    before = s3.keys()
    voice_id = voice_id_of(clone(http, "Shared"))
    assert {key.rpartition("/")[2] for key in s3.keys() - before} == {"artifact", "sample-0.wav"}
    assert speak(http, voice_id).raise_for_status().json()["audioContent"]
    http.delete(f"/voices/v1/voices/{voice_id}").raise_for_status()
    assert speak(http, voice_id).status_code == 404
    assert s3.keys() == before


LONGEST_CHECK_S = 5.0


def check_refusal(reply: httpx.Response) -> None:
    """503 in the one body of all errors, without a word about how the store is reached."""
    assert (reply.status_code, reply.headers["x-myna-error-code"]) == (503, "SERVICE_UNAVAILABLE")
    body = reply.json()
    assert (body["code"], body["details"]) == (14, [])
    assert body["message"].endswith(".")
    assert not {"127.0.0.1", "psycopg", "postgres", "s3:"} & set(body["message"].lower().split())


def is_ready(http: httpx.Client) -> bool:
    reply = http.get("/readyz", timeout=LONGEST_CHECK_S)
    if reply.status_code != 200:
        check_refusal(reply)
    return reply.status_code == 200


def test_the_database_goes_and_comes_back(service: Service, postgres: Postgres, voice_id: str) -> None:
    """Stopped, crashed, cut off, silent: the server runs on, says so, and goes on where it was when it is back."""
    http = service.http

    def cut(fault: Fault) -> None:
        service.database.fault = fault

    for leave, come_back in (
        (postgres.stop, postgres.start),
        (lambda: postgres.stop("immediate"), postgres.start),
        (lambda: cut(Fault.GONE), lambda: cut(Fault.NONE)),
        (lambda: cut(Fault.SILENT), lambda: cut(Fault.NONE)),
    ):
        leave()
        assert not is_ready(http)
        assert http.get("/healthz").status_code == 200
        if service.database.fault is not Fault.SILENT:
            for reply in (http.get("/voices/v1/voices"), speak(http, voice_id), clone(http, "Never")):
                check_refusal(reply)
        come_back()
        assert is_ready(http)
        assert speak(http, voice_id).raise_for_status().json()["audioContent"]
    names = [voice["displayName"] for voice in http.get("/voices/v1/voices").json()["voices"]]
    assert (names.count("Kept"), names.count("Never")) == (1, 0)


def test_the_object_storage_goes_and_comes_back(service: Service, s3: S3, voice_id: str) -> None:
    """Cut off or silent: voices can still be looked at, what needs a file says so, and afterwards all is as before."""
    http = service.http
    before = s3.keys()
    service.blobs.fault = Fault.GONE
    with ThreadPoolExecutor() as pool:
        spoken = pool.submit(speak, http, voice_id)
        assert not is_ready(http)
        check_refusal(spoken.result())
    service.blobs.fault = Fault.SILENT
    assert not is_ready(http)
    assert http.get(f"/voices/v1/voices/{voice_id}").status_code == 200
    service.blobs.fault = Fault.NONE
    assert is_ready(http)
    assert speak(http, voice_id).raise_for_status().json()["audioContent"]
    assert s3.keys() == before
