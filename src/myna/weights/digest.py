"""Digests of files."""

import hashlib
from pathlib import Path


def sha256_of_file(path: Path) -> str:
    """Digest a file in constant memory. Returns 64 lower-case hexadecimal characters."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
