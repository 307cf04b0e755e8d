"""The main job on a Ray cluster of this machine: start it, clone a voice, speak with it, say what ran where, stop it.

`make demo-ray`. PostgreSQL and the S3 server are those of the tests, and end with the demonstration.
"""

import asyncio
import logging
import os
import secrets
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
import yaml  # noqa: E402
from tests.store_servers import free_port, run_postgres, run_s3, s3_environment  # noqa: E402

from myna.bootstrap import build_services  # noqa: E402
from myna.client import AsyncClient, Encoding, Sample, SpeechOptions  # noqa: E402
from myna.config import Settings  # noqa: E402
from myna.domain.scope import WRITE  # noqa: E402
from myna.domain.voice import WorkspaceId  # noqa: E402

CONFIG = Path(__file__).with_name("one-machine.yaml")
RECORDING = ROOT / "tests" / "data" / "demo_reference.flac"
SENTENCES = [
    "This voice was copied a moment ago, from a single recording of a few seconds.",
    "It is kept in a database and an object storage that every node of the cluster can reach.",
    "Whoever speaks with it is sent to a replica that knows it already, while there is room.",
    "Nothing of it has left this machine.",
]
NUM_CPUS = 4
"""For Ray these are places, not cores: two engine replicas, the listening one, and the rest."""
STORE_BYTES = 100 * 1024 * 1024
START_S = 300


def main() -> None:
    folder = Path("demo-out")
    folder.mkdir(exist_ok=True)
    with ExitStack() as running:
        remark("Starting PostgreSQL and an S3 server")
        running.enter_context(state_outside())
        remark("Starting Ray and the application of examples/ray/one-machine.yaml")
        began_s = time.monotonic()
        url = running.enter_context(application())
        remark(f"Ready after {time.monotonic() - began_s:.0f} s")
        asyncio.run(clone_and_speak(url, folder / "speech-ray.wav"))
        asyncio.run(tell_what_ran_where())
    remark("Stopped.")


@contextmanager
def state_outside() -> Iterator[None]:
    """A PostgreSQL and an S3 server, and an environment that names them."""
    with run_postgres() as postgres, run_s3() as s3, tempfile.TemporaryDirectory(prefix="myna-ray-") as folder:
        os.environ |= {
            "MYNA_DATABASE_URL": postgres.create_database(),
            "MYNA_BLOB_URL": s3.new_url(),
            "MYNA_TOKEN_SECRET": secrets.token_hex(32),
            "MYNA_DATA_DIR": folder,
            **s3_environment(s3.endpoint),
        }
        yield


@contextmanager
def application(num_engines: int | None = None) -> Iterator[str]:
    """Ray on this machine with the application of the environment's settings. Gives the address.

    num_engines: replicas, always; None: as many as the config file lets there be.
    """
    lines = Path(__file__).with_name("ray.env").read_text().splitlines()
    settings = dict(line.split("=") for line in lines if not line.startswith("#"))
    # Of this process alone, which asks from one loop after the other.
    os.environ |= settings | {"RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "1"}
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    with warnings.catch_warnings(action="ignore"):
        import ray  # noqa: PLC0415  (reads the environment when it is imported)
        from ray import serve  # noqa: PLC0415
        from ray.serve.context import _get_global_client  # noqa: PLC0415
        from ray.serve.schema import ServeDeploySchema  # noqa: PLC0415

    os.environ |= settings
    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    described = yaml.safe_load(CONFIG.read_text())
    if num_engines is not None:
        scaling = described["applications"][0]["deployments"][0]["autoscaling_config"]
        scaling |= {"min_replicas": num_engines, "max_replicas": num_engines}
    config = ServeDeploySchema(**described)
    config.http_options.port = free_port()
    with ExitStack() as running:
        running.callback(ray.shutdown)
        ray.init(
            "local",  # never a cluster that runs here already
            num_cpus=NUM_CPUS,
            object_store_memory=STORE_BYTES,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            _node_ip_address="127.0.0.2",  # of the loopback; for Ray 127.0.0.1 is this machine's name for others
        )
        running.callback(serve.shutdown)
        serve.start(
            proxy_location=config.proxy_location,
            http_options=config.http_options.model_dump(),
            logging_config=config.logging_config,
        )
        client = _get_global_client()
        client.deploy_apps(config)
        until_s = time.monotonic() + START_S  # Ray's own wait is a minute, too short for a machine that is busy
        while (status := serve.status().applications[config.applications[0].name].status) != "RUNNING":
            if status in ("DEPLOY_FAILED", "UNHEALTHY") or time.monotonic() > until_s:
                raise SystemExit(f"{status}: the application does not start. Logs: /tmp/ray/session_latest/logs")
            time.sleep(0.5)
        client.wait_for_proxies_serving(wait_for_applications_running=True)
        yield f"http://127.0.0.1:{config.http_options.port}"


async def make_key() -> str:
    services = build_services(Settings())
    await services.prepare_store()
    try:
        return (await services.keys.create(WorkspaceId("demo"), WRITE))[0]
    finally:
        await services.release()


async def clone_and_speak(url: str, speech: Path) -> None:
    async with AsyncClient(url, await make_key(), transport=httpx.AsyncHTTPTransport()) as client:
        began_s = time.monotonic()
        report = await client.clone([Sample(RECORDING)], "Demo voice")
        assert report.voice is not None, "the recording cannot be used"
        remark(f"Cloned {report.voice.voice_id} in {time.monotonic() - began_s:.1f} s")
        began_s = time.monotonic()
        options = SpeechOptions(Encoding.WAV, sample_rate_hz=24000)
        voice_id = report.voice.voice_id
        files = [speech.with_stem(f"{speech.stem}-{number}") for number in range(len(SENTENCES))]
        said = [client.say_to_file(voice_id, text, file, options) for text, file in zip(SENTENCES, files, strict=True)]
        summaries = await asyncio.gather(*said)
        num_s = sum(summary.num_bytes for summary in summaries) / (2 * 24000)
        remark(f"{len(said)} requests at once: {num_s:.1f} s of speech in {time.monotonic() - began_s:.1f} s")
        print(*files, sep="\n")
        began_s = time.monotonic()
        heard = await client.wait_until_heard(voice_id)
        took_s = time.monotonic() - began_s
        if heard.is_heard:
            remark(f"The `leisure` replica heard and tried the voice {took_s:.0f} s after that")
            remark(f"  likeness {heard.similarity}, clarity {heard.clarity}")
        else:
            remark(f"The `leisure` replica has not yet heard and tried the voice, {took_s:.0f} s after that")


async def tell_what_ran_where() -> None:
    from ray import serve  # noqa: PLC0415

    for name, deployment in serve.status().applications["myna"].deployments.items():
        remark(f"  {name:<10} {deployment.replica_states.get('RUNNING', 0)} replica(s)")
    engine = serve.get_deployment_handle("engine", "myna")
    about = {one["replica"]: one for one in [await engine.describe.remote() for _ in range(16)]}
    for one in about.values():
        remark(
            f"  engine {one['replica']}, process {one['pid']} of node {one['node'][:8]}: {one['spoken']} turns of "
            f"speech, {one['spoken'] - one['loaded']} of them with a voice that it knew"
        )
    totals = Counter({"spoken": 0, "loaded": 0})
    for one in about.values():
        totals.update({name: one[name] for name in totals})
    if totals["spoken"]:
        remark(f"  affinity: {100 * (1 - totals['loaded'] / totals['spoken']):.0f} % of the turns")


def remark(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
