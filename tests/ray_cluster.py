"""A Ray cluster of two raylets on this machine, on the loopback, with Serve; stopped when the block ends."""

import os
import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.store_servers import free_port

if TYPE_CHECKING:
    from ray._private.node import Node
    from ray.cluster_utils import Cluster

ROOT = Path(__file__).parents[1]
_TOKEN = secrets.token_hex(32)
"""Others on this machine cannot use the cluster. One for the process: Ray reads it once."""
_NUM_ATTEMPTS = 3
_STORE_BYTES = 80 * 1024 * 1024  # the least that Ray takes


def ray_environment() -> dict[str, str]:
    """What the example tells every node."""
    lines = (ROOT / "examples" / "ray" / "ray.env").read_text().splitlines()
    return dict(line.split("=") for line in lines if not line.startswith("#"))


@contextmanager
def run_cluster(folder: Path, http_port: int | None = None, **environment: str) -> Iterator["Cluster"]:
    """The `ray.cluster_utils.Cluster`, with this process connected to it; skips where Ray is not installed.

    folder: for the plug-in of the slow engine and its count of chunks.
    http_port: of the head's HTTP proxy; None: no HTTP.
    environment: of all that runs on the cluster.
    """
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed (extra `ray`)")
    site = folder / "site"
    about = site / "slow-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: slow\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[myna.engines]\nslow = tests.slow_engine:SPEC\n")
    (folder / "chunks").touch()
    (folder / "chunks.steps").touch()
    own = {
        **ray_environment(),
        "RAY_AUTH_TOKEN": _TOKEN,
        "RAY_SERVE_LOG_TO_STDERR": "0",
        "PYTHONPATH": os.pathsep.join([str(site), str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "MYNA_TEST_CHUNKS": str(folder / "chunks"),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (own | environment).items():
            patch.setenv(name, value)
        # Only now: Ray reads its environment when it is imported. And it warns of what it uses itself.
        with warnings.catch_warnings(action="ignore"), pytest.MonkeyPatch.context() as here:
            # Tests have a loop each, and ask by functions that have none.
            here.setenv("RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP", "1")
            import ray
            from ray import serve
            from ray.cluster_utils import Cluster

        cluster = Cluster()
        add_node(cluster, include_dashboard=False)
        try:
            add_node(cluster)
            ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
            serve.start(
                proxy_location="Disabled" if http_port is None else "EveryNode",
                http_options={"host": "127.0.0.1", "port": http_port or 0},
                logging_config={"enable_access_log": False, "log_level": "ERROR"},
            )
            yield cluster
            serve.shutdown()
        finally:
            ray.shutdown()
            cluster.shutdown()


def add_node(cluster: "Cluster", **options: object) -> "Node":
    # With given ports a raylet need not wait until its agents have told theirs.
    ports = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
    for attempts_left in reversed(range(_NUM_ATTEMPTS)):
        try:
            return cluster.add_node(
                num_cpus=4,
                object_store_memory=_STORE_BYTES,
                # Of the loopback, but not 127.0.0.1, which Ray takes for the address that others know this machine by.
                node_ip_address="127.0.0.2",
                no_monitor=True,
                include_log_monitor=False,
                **{name: free_port() for name in ports},
                **options,
            )
        except Exception:
            # After half a minute Ray gives up, and a busy machine takes longer.
            if not attempts_left:
                raise
    raise AssertionError


def num_chunks() -> int:
    """Made by slow engines anywhere on the cluster."""
    return Path(os.environ["MYNA_TEST_CHUNKS"]).stat().st_size


def num_steps() -> int:
    """Of refinements by slow engines."""
    return Path(f"{os.environ['MYNA_TEST_CHUNKS']}.steps").stat().st_size
