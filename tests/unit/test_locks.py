"""What is installed is pinned, from anybody's registry, and light."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-dev.lock"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_pins_with_digests_and_names_no_registry(lock: Path) -> None:
    """Every package has one version and a digest; no address of a registry is in the file."""
    content = lock.read_text()
    pinned = re.findall(r"^([a-z0-9][a-z0-9._-]*)==[^\s\\]+ \\\n    --hash=sha256:[0-9a-f]{64}", content, re.MULTILINE)
    named = re.findall(r"^([a-z0-9][a-z0-9._-]*)==", content, re.MULTILINE)
    assert named
    assert named == pinned
    assert not re.search(r"://|--index-url|--find-links|--extra-index-url", content)


def test_default_install_has_no_torch() -> None:
    """Nor anything that comes with it."""
    named = re.findall(r"^([a-z0-9._-]+)==", LOCKS[0].read_text(), re.MULTILINE)
    heavy = ("torch", "nvidia", "triton", "librosa", "numba", "transformers")
    assert [name for name in named if name.startswith(heavy)] == []


def test_dev_lock_agrees_with_the_default() -> None:
    """Tests run on the versions that users get."""
    default, dev = (dict(re.findall(r"^([a-z0-9._-]+)==([^\s\\]+)", lock.read_text(), re.MULTILINE)) for lock in LOCKS)
    assert {name: dev.get(name) for name in default} == default
