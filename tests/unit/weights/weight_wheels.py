"""Small wheels and a manifest for them, written as a registry would hold them."""

import hashlib
import zipfile
from pathlib import Path

from myna.weights.manifest import Manifest, parse_manifest

FIRST, SECOND = b"the first half " * 1000, b"and the second" * 1000
CONTENTS = {"acme-voice-1": ("part.bin", FIRST), "acme-voice-2": ("part.bin", SECOND)}


def write_wheels(folder: Path) -> dict[str, Path]:
    """Write one wheel for each of CONTENTS; returns their paths by package name."""
    return {name: _write_wheel(folder, name, member, content) for name, (member, content) in CONTENTS.items()}


def _write_wheel(folder: Path, name: str, member: str, content: bytes) -> Path:
    stem = name.replace("-", "_")
    path = folder / f"{stem}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{stem}/{member}", content)
        info = f"{stem}-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: torch\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def manifest_for(wheels: dict[str, Path], *, size_bytes: int = len(FIRST + SECOND)) -> Manifest:
    """One bundle "acme" with two files: `acme/whole.bin`, joined from both packages, and `acme/first.bin`."""
    packages = "".join(
        f"""
        [[bundle.package]]
        name = "{name}"
        version = "1.0"
        sha256 = ["{digest(path.read_bytes())}"]
        size_bytes = {path.stat().st_size}
        [[bundle.package.member]]
        id = "{name}"
        paths = ["{name.replace("-", "_")}/{CONTENTS[name][0]}"]
        sha256 = ["{digest(CONTENTS[name][1])}"]
        size_bytes = {len(CONTENTS[name][1])}
        """
        for name, path in wheels.items()
    )
    return parse_manifest(f"""
        [[bundle]]
        name = "acme"
        summary = "a model"
        licence = "MIT"
        origin = "nobody"
        {packages}
        [[bundle.file]]
        path = "acme/first.bin"
        sources = ["acme-voice-1"]
        sha256 = ["{digest(FIRST)}"]
        size_bytes = {len(FIRST)}
        [[bundle.file]]
        path = "acme/whole.bin"
        sources = ["acme-voice-1", "acme-voice-2"]
        sha256 = ["{digest(FIRST + SECOND)}"]
        size_bytes = {size_bytes}
    """)
