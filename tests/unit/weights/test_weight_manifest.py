"""The manifest that ships."""

import re
from pathlib import Path

import pytest

from myna.weights.manifest import load_manifest, parse_manifest
from myna.weights.recipe import RECIPES


def test_the_shipped_manifest_is_complete() -> None:
    """Every file has its recipe, a licence and a pinned source; no path leaves the cache; no two are the same."""
    manifest = load_manifest()
    files = [file for bundle in manifest.bundles for file in bundle.files]
    packages = [package for bundle in manifest.bundles for package in bundle.packages]
    digests = [
        digest
        for holder in [*files, *packages, *(member for package in packages for member in package.members)]
        for digest in (holder.sha256 or {"none"})
    ]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
    assert all((RECIPES / f"{file.recipe}.zip").is_file() for file in files if file.recipe)
    assert all(re.fullmatch(r"[a-z0-9-]+/[A-Za-z0-9_.-]+", file.path) for file in files)
    assert len({file.path for file in files}) == len(files)
    assert all(bundle.licence and bundle.origin for bundle in manifest.bundles)
    used = {(bundle.name, source) for bundle in manifest.bundles for file in bundle.files for source in file.sources}
    held = {(b.name, member.id) for b in manifest.bundles for package in b.packages for member in package.members}
    assert used == held


def test_third_party_md_names_every_bundle_its_packages_and_its_licence() -> None:
    """What the manifest pulls is what the notice tells; the row of a bundle is found by its name."""
    notice = (Path(__file__).parents[3] / "THIRD_PARTY.md").read_text(encoding="utf-8").splitlines()
    for bundle in load_manifest().bundles:
        (row,) = (line for line in notice if line.startswith(f"| `{bundle.name}` |"))
        packages = ", ".join(f"`{package.name}` {package.version}" for package in bundle.packages)
        assert row == f"| `{bundle.name}` | {bundle.summary} | {bundle.origin} | {bundle.licence} | {packages} |"


def test_a_file_made_from_nothing_is_refused() -> None:
    """A manifest that names a member which no package has does not parse."""
    with pytest.raises(ValueError, match="ghost"):
        parse_manifest("""
            [[bundle]]
            name = "b"
            summary = "s"
            licence = "MIT"
            origin = "o"
            package = []
            [[bundle.file]]
            path = "b/f"
            sources = ["ghost"]
            sha256 = []
            size_bytes = 1
        """)
