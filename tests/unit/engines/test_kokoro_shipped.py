"""The small trained files inside the package are what was shipped, or are refused."""

from pathlib import Path

import pytest

from myna.domain.errors import WeightsCorrupt
from myna.engines.kokoro.shipped_file import DIGESTS, SHIPPED, read_shipped


def test_every_shipped_file_is_listed_and_intact() -> None:
    """Nothing is in the folder that the list does not promise, and all together stays small."""
    names = {entry.name for entry in SHIPPED.iterdir() if entry.is_file()} - {DIGESTS}
    assert sum(len(read_shipped(name)) for name in names) < 40_000_000


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    """One flipped bit is enough."""
    (tmp_path / DIGESTS).write_bytes((SHIPPED / DIGESTS).read_bytes())
    content = bytearray((SHIPPED / "style_map.npz").read_bytes())
    (tmp_path / "style_map.npz").write_bytes(content)
    assert read_shipped("style_map.npz", tmp_path) == content
    content[len(content) // 2] ^= 1
    (tmp_path / "style_map.npz").write_bytes(content)
    with pytest.raises(WeightsCorrupt, match="install myna again"):
        read_shipped("style_map.npz", tmp_path)
