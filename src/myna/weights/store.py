"""Hands out weight files. The cache is a folder that anybody may have touched, so a file is digested before its
first use in a process, and again if its size, time or inode has changed."""

import threading
from pathlib import Path

from myna.domain.errors import WeightsCorrupt, WeightsMissing
from myna.weights.digest import sha256_of_file
from myna.weights.manifest import Manifest, load_manifest

_Identity = tuple[int, int, int]
"""Inode, size in bytes, time of change in ns: what differs when a file is replaced or written to."""


class WeightStore:
    """The weight files of one cache folder. Thread-safe."""

    def __init__(self, cache_dir: Path, manifest: Manifest | None = None) -> None:
        """cache_dir: need not exist. manifest: the one that ships with the package unless given."""
        self._cache_dir = cache_dir
        self._manifest = manifest or load_manifest()
        self._verified: dict[str, _Identity] = {}
        self._lock = threading.Lock()

    def path(self, name: str) -> Path:
        """A file by its name in the manifest ("kokoro/text.onnx"), verified. Raises: WeightsMissing, WeightsCorrupt."""
        file = self._manifest.file(name)
        if file is None:
            raise WeightsMissing(f"no weight file is named {name}; `myna models list` shows those that there are")
        path = self._cache_dir / name
        # held while digesting: two threads that want one file should not both read it
        with self._lock:
            try:
                stat = path.stat()
                identity = stat.st_ino, stat.st_size, stat.st_mtime_ns
                if self._verified.get(name) == identity:
                    return path
                digest = sha256_of_file(path)
            except OSError as error:
                raise WeightsMissing(f"{name} is not in {self._cache_dir}: run `myna models pull`") from error
            if digest not in file.sha256:
                raise WeightsCorrupt(
                    f"{name} in {self._cache_dir} is not the file it should be (SHA-256 {digest[:12]}…): "
                    "run `myna models pull`, which replaces it"
                )
            self._verified[name] = identity
        return path
