"""A workspace in one zip: `manifest.json` and each voice's artifact and recordings as stored. It may come from
anybody: nothing is unpacked to a path or compressed, and every name follows from the manifest, so that reading takes
no more memory than one voice and no more room than the file."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from pydantic import TypeAdapter, ValidationError

from myna.domain.consent import Revocation
from myna.domain.errors import InvalidRequest
from myna.domain.language import LangCode
from myna.domain.pronunciation import PronunciationDictionary
from myna.domain.voice import Voice
from myna.store.voice_rows import ARTIFACT, sample_name, sha256

_MANIFEST = "manifest.json"
_MAX_VOICES = 10_000
"""All of a file are stored in one transaction."""
_MAX_MANIFEST_BYTES = 64 * 1024 * 1024
_MAX_BLOB_BYTES = 256 * 1024 * 1024
"""Far more than the longest recording that is kept."""
_SHOWN_CHARS = 80


@dataclass(frozen=True, slots=True)
class ArchivedSample:
    transcript: str
    lang: LangCode
    rating: float | None
    sha256: str
    recording_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ArchivedVoice:
    voice: Voice
    engine_id: str
    engine_version: str
    artifact_sha256: str
    samples: tuple[ArchivedSample, ...]

    @property
    def blobs(self) -> dict[str, str]:
        """Digest by name, as in object storage."""
        return {ARTIFACT: self.artifact_sha256} | {sample_name(i): s.sha256 for i, s in enumerate(self.samples)}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `manifest.json` says, field for field."""

    workspace: str
    voices: tuple[ArchivedVoice, ...]
    """The blobs of number `n` are under `voices/n/`."""
    revocations: tuple[Revocation, ...] = ()
    """Of these voices, and of others of the workspace that are deleted."""
    dictionaries: tuple[PronunciationDictionary, ...] = ()
    format: Literal["myna workspace 1"] = "myna workspace 1"


_MANIFESTS = TypeAdapter(Manifest)


class ArchiveWriter:
    """Voices one after the other, then the manifest."""

    def __init__(self, archive: ZipFile, workspace: str) -> None:
        self._archive = archive
        self._workspace = workspace
        self._voices: list[ArchivedVoice] = []

    def add(self, voice: ArchivedVoice, contents: dict[str, bytes]) -> None:
        """contents: by the names of `voice.blobs`. Raises: InvalidRequest (more than one file may hold)."""
        if len(self._voices) == _MAX_VOICES:
            raise InvalidRequest(f"A file holds {_MAX_VOICES} voices at most. Copy the whole store: `myna store copy`.")
        for name in voice.blobs:
            self._archive.writestr(_path(len(self._voices), name), contents[name])
        self._voices.append(voice)

    def finish(self, revocations: Sequence[Revocation], dictionaries: Sequence[PronunciationDictionary]) -> None:
        manifest = Manifest(self._workspace, tuple(self._voices), tuple(revocations), tuple(dictionaries))
        self._archive.writestr(_MANIFEST, _MANIFESTS.dump_json(manifest, indent=1))


class ArchiveReader:
    """Made by `open_archive`."""

    def __init__(self, archive: ZipFile, size_bytes: int) -> None:
        """size_bytes: of the file. Raises: InvalidRequest, if it is not as `ArchiveWriter` writes one."""
        self._archive = archive
        members = archive.infolist()
        for member in members:
            if member.compress_type != ZIP_STORED or member.flag_bits & 1:
                raise _refusal("it is compressed or encrypted")
            if member.file_size > (_MAX_MANIFEST_BYTES if member.filename == _MANIFEST else _MAX_BLOB_BYTES):
                raise _refusal(f"{_shown(member.filename)} is too large")
        names = [member.filename for member in members]
        if _MANIFEST not in names:
            raise _refusal("it has no manifest")
        self.manifest = self._read_manifest()
        if len(self.manifest.voices) > _MAX_VOICES:
            raise _refusal("it has too many voices")
        expected = {_MANIFEST, *(_path(i, name) for i, v in enumerate(self.manifest.voices) for name in v.blobs)}
        if odd := sorted(expected.symmetric_difference(names)):
            raise _refusal(f"what its manifest names and what it holds differ at {_shown(odd[0])}")
        if len(names) > len(expected) or sum(member.file_size for member in members) > size_bytes:
            raise _refusal("parts of it are there twice")

    def read(self, number: int) -> dict[str, bytes]:
        """The blobs of a voice. Raises: InvalidRequest, if one does not match its digest."""
        contents = {}
        for name, digest in self.manifest.voices[number].blobs.items():
            with _reading():
                contents[name] = self._archive.read(_path(number, name))
            if sha256(contents[name]) != digest:
                raise _refusal(f"{_path(number, name)} does not match its digest")
        return contents

    def _read_manifest(self) -> Manifest:
        with _reading():
            content = self._archive.read(_MANIFEST)
        try:
            return _MANIFESTS.validate_json(content)
        except ValidationError as exc:  # not passed on as the cause: it quotes what people have written
            place = ".".join(str(part) for part in exc.errors(include_input=False)[0]["loc"])
            raise _refusal(f"its manifest cannot be read {place and f'at {_shown(place)}'}".rstrip()) from None


@contextmanager
def open_archive(path: Path) -> Iterator[ArchiveReader]:
    """Raises: InvalidRequest for a file that is no whole archive; OSError."""
    with _reading():
        archive = ZipFile(path)
    with archive:
        yield ArchiveReader(archive, path.stat().st_size)


@contextmanager
def _reading() -> Iterator[None]:
    """`zipfile` has many ways to say that a file is damaged."""
    try:
        yield
    except (BadZipFile, EOFError, NotImplementedError, ValueError, struct.error) as exc:
        raise _refusal("it is damaged, or no zip") from exc


def _path(number: int, name: str) -> str:
    return f"voices/{number}/{name}"


def _shown(given: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in given[:_SHOWN_CHARS])


def _refusal(reason: str) -> InvalidRequest:
    return InvalidRequest(f"This is no whole file of `myna export`: {reason}. Nothing was imported.")
