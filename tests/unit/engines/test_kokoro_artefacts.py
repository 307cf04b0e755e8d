"""The small trained files inside the package are what was shipped, or are refused."""

from importlib.resources import files
from pathlib import Path

import pytest

from myna.domain.errors import WeightsCorrupt
from myna.engines.kokoro import artefact_file
from myna.engines.kokoro.artefact_file import DIGESTS, read_artefact


def test_every_shipped_artefact_is_listed_and_intact() -> None:
    """Nothing is in the folder that the list does not promise, and all together stays small."""
    folder = files("myna.engines.kokoro") / "artefacts"
    names = {entry.name for entry in folder.iterdir() if entry.is_file()} - {DIGESTS}
    assert sum(len(read_artefact(name)) for name in names) < 40_000_000


def test_a_changed_artefact_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One flipped bit is enough."""
    original = files("myna.engines.kokoro") / "artefacts"
    folder = tmp_path / "artefacts"
    folder.mkdir()
    (folder / DIGESTS).write_bytes((original / DIGESTS).read_bytes())
    content = bytearray((original / "style_map.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "style_map.npz").write_bytes(content)
    monkeypatch.setattr(artefact_file, "files", lambda _: tmp_path)
    with pytest.raises(WeightsCorrupt, match="install myna again"):
        read_artefact("style_map.npz")
