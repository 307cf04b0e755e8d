"""A real server on PostgreSQL and S3."""

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.conftest import DATA
from tests.live_server import run_server
from tests.store_servers import S3, Postgres, s3_environment

QUICK = {"MYNA_PRELOAD_MODELS": "false", "MYNA_MEASURE_SIMILARITY": "false"}
RECORDING = base64.b64encode((DATA / "demo_reference.flac").read_bytes()).decode()

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def http(postgres: Postgres, s3: S3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the server, which keeps nothing in its folder."""
    data_dir: Path = tmp_path_factory.mktemp("shared") / "data"
    place = {"MYNA_DATABASE_URL": postgres.create_database(), "MYNA_BLOB_URL": s3.new_url()}
    with run_server(data_dir, "tone", settings={**QUICK, **place, **s3_environment(s3.endpoint)}) as server:
        headers = {"Authorization": f"Basic {server.key}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
            yield client
    assert list(data_dir.iterdir()) == []


def clone(http: httpx.Client, name: str) -> str:
    sample = {"audioData": RECORDING, "transcription": "words"}
    body = {"displayName": name, "langCode": "EN_US", "voiceSamples": [sample]}
    return http.post("/voices/v1/voices:clone", json=body).raise_for_status().json()["voice"]["voiceId"]


def speak(http: httpx.Client, voice_id: str) -> httpx.Response:
    body = {"text": "Still here.", "voiceId": voice_id, "modelId": "inworld-tts-1"}
    return http.post("/tts/v1/voice", json=body)


def test_the_journey(http: httpx.Client, s3: S3) -> None:
    """Clone, speak, delete; the bucket holds the voice in between and nothing of it afterwards."""
    before = s3.keys()
    voice_id = clone(http, "Shared")
    assert {key.rpartition("/")[2] for key in s3.keys() - before} == {"artifact", "sample-0.wav"}
    assert speak(http, voice_id).raise_for_status().json()["audioContent"]
    http.delete(f"/voices/v1/voices/{voice_id}").raise_for_status()
    assert speak(http, voice_id).status_code == 404
    assert s3.keys() == before
