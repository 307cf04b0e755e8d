"""What the weight cache holds, for `myna models list` and `myna models verify`."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from myna.weights.digest import sha256_of_file
from myna.weights.manifest import Manifest, WeightFile, load_manifest


class WeightState(StrEnum):
    PRESENT = "present"
    """There; its content was not looked at."""
    VERIFIED = "verified"
    MISSING = "missing"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True)
class WeightRow:
    """One file of the cache."""

    path: str
    """Relative to the cache folder."""
    bundle: str
    summary: str
    licence: str
    packages: tuple[str, ...]
    """Where it comes from: "name version", in the registry's spelling."""
    size_bytes: int
    """As it is on disk; as the manifest says, while it is missing."""
    state: WeightState


def list_weights(cache_dir: Path, *, verify: bool, manifest: Manifest | None = None) -> tuple[WeightRow, ...]:
    """Every file of the manifest, in its order. verify: digest each (a second), not only see whether it is there."""
    manifest = manifest or load_manifest()
    rows = []
    for bundle in manifest.bundles:
        for file in bundle.files:
            path = cache_dir / file.path
            rows.append(
                WeightRow(
                    path=file.path,
                    bundle=bundle.name,
                    summary=bundle.summary,
                    licence=bundle.licence,
                    packages=tuple(
                        f"{package.name} {package.version}"
                        for package in bundle.packages
                        if any(member.id in file.sources for member in package.members)
                    ),
                    size_bytes=path.stat().st_size if path.is_file() else file.size_bytes,
                    state=_state_of(path, file, verify),
                )
            )
    return tuple(rows)


def _state_of(path: Path, file: WeightFile, verify: bool) -> WeightState:
    if not path.is_file():
        return WeightState.MISSING
    if not verify:
        return WeightState.PRESENT
    return WeightState.VERIFIED if sha256_of_file(path) in file.sha256 else WeightState.CORRUPT
