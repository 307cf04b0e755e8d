"""The store: nothing unverified leaves it."""

import os
from pathlib import Path

import pytest
from weight_wheels import FIRST, SECOND, manifest_for

from myna.domain.errors import WeightsCorrupt, WeightsMissing
from myna.weights.store import WeightStore


@pytest.fixture
def store(wheels: dict[str, Path], cache_dir: Path) -> WeightStore:
    (cache_dir / "acme").mkdir(parents=True)
    (cache_dir / "acme/first.bin").write_bytes(FIRST)
    (cache_dir / "acme/whole.bin").write_bytes(FIRST + SECOND)
    return WeightStore(cache_dir, manifest_for(wheels))


def test_a_right_file_is_handed_out_and_digested_once(store: WeightStore, cache_dir: Path) -> None:
    """Loading a model again costs no second read of a hundred megabytes: a change that leaves no trace is not seen."""
    path = cache_dir / "acme/whole.bin"
    assert store.path("acme/whole.bin") == path
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.path("acme/whole.bin") == path


@pytest.mark.parametrize("content", [FIRST + b"?" + SECOND[1:], FIRST, b""], ids=["tampered", "truncated", "empty"])
@pytest.mark.parametrize("was_used", [False, True])
def test_a_damaged_file_is_never_handed_out(
    store: WeightStore, cache_dir: Path, content: bytes, was_used: bool
) -> None:
    """Also when it was right at first use and was written to afterwards."""
    if was_used:
        store.path("acme/whole.bin")
    (cache_dir / "acme/whole.bin").write_bytes(content)
    os.utime(cache_dir / "acme/whole.bin", ns=(1, 1))  # a clock too coarse to tell two writes apart
    with pytest.raises(WeightsCorrupt, match="myna models pull"):
        store.path("acme/whole.bin")


@pytest.mark.parametrize("name", ["acme/first.bin", "acme/unheard-of.bin", "../acme/first.bin"])
def test_a_file_that_is_missing_or_unknown_is_told_with_the_command_that_helps(
    store: WeightStore, cache_dir: Path, name: str
) -> None:
    """Names that the manifest does not have are never looked up on the disk."""
    (cache_dir / "acme/first.bin").unlink()
    with pytest.raises(WeightsMissing, match="myna models"):
        store.path(name)
