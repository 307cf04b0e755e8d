"""Export a workspace's voices and dictionaries into a file, and import it into any store; all of it or nothing."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from myna.domain.consent import Revocation
from myna.domain.errors import ConsentRequired, InvalidRequest, VoiceAlreadyExists
from myna.domain.language import LangCode
from myna.domain.pronunciation import PronunciationDictionary, check_display_name, check_entries
from myna.domain.voice import Voice, VoiceArtifact, VoiceId, VoiceSource, WorkspaceId, clone_voice_id
from myna.store.archive_file import ArchivedSample, ArchivedVoice, ArchiveReader, ArchiveWriter, open_archive
from myna.store.blobs import new_blob_prefix
from myna.store.copying import BlobDamaged, DamagedBlob, list_voices, load_voice, put_whole, read_whole
from myna.store.dictionaries import to_dictionary, to_dictionary_row
from myna.store.key_format import check_workspace_name
from myna.store.keys import ensure_workspace
from myna.store.opening import Stores
from myna.store.private_files import touch_private_file
from myna.store.tables import DictionaryRow, RevocationRow, SampleRow, VoiceRow
from myna.store.voice_rows import ARTIFACT, digests, sample_name, to_revocation, to_row, to_voice
from myna.usecases.keep_dictionaries import is_dictionary_id, new_dictionary_id
from myna.usecases.ports import Clock, StoredSample

OnProgress = Callable[[int, int], None]
"""Voices done, voices in all."""

_MAX_SEED = 2**32 - 1
_SHOWN_IDS = 3
_MAX_ETAG_CHARS = 32


@dataclass(frozen=True, slots=True)
class ExportReport:
    voice_ids: Sequence[str]
    damaged: Sequence[DamagedBlob]
    """Of voices that are not in the file."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    workspace: WorkspaceId
    voice_ids: Mapping[str, str]
    """What each is called here, by what it was called in the file."""


async def export_workspace(source: Stores, workspace: str, file: Path, on_progress: OnProgress) -> ExportReport:
    """Every voice but drafts, with its recordings; the file is there when it is whole. A voice with a damaged blob
    is left out and named. Servers may go on. Raises: InvalidRequest (no such voices, or the file exists),
    ServiceUnavailable, OSError."""
    await source.prepare()
    numbers = [number for (owner, _), number in (await list_voices(source)).items() if owner == workspace]
    theirs = select(DictionaryRow).where(DictionaryRow.workspace == workspace)
    dictionaries = await source.database.read(lambda session: list(map(to_dictionary, session.scalars(theirs))))
    if not numbers and not dictionaries:
        raise InvalidRequest(f"The workspace '{workspace[:63]}' has no voices in this store.")
    if file.exists():
        raise InvalidRequest(f"{file} exists. Name another file.")
    part = file.with_name(f".{file.name}.part")
    touch_private_file(part)
    damaged = []
    written = []
    try:
        with part.open("r+b") as stream:
            stream.truncate()
            with ZipFile(stream, "w") as archive:
                writer = ArchiveWriter(archive, workspace)
                for num_done, number in enumerate(numbers):
                    on_progress(num_done, len(numbers))
                    try:
                        row, contents = await _read_voice(source, number)
                    except BlobDamaged as exc:
                        damaged.append(DamagedBlob(workspace, (await load_voice(source, number)).voice_id, str(exc)))
                        continue
                    if not row.is_draft:
                        writer.add(_to_archived(row), contents)
                        written.append(row.voice_id)
                revoked = select(RevocationRow).where(RevocationRow.workspace == workspace)
                revocations = await source.database.read(
                    lambda session: list(map(to_revocation, session.scalars(revoked)))
                )
                writer.finish(revocations, dictionaries)
            stream.flush()
            os.fsync(stream.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    on_progress(len(numbers), len(numbers))
    return ExportReport(written, damaged)


async def import_workspace(
    target: Stores,
    file: Path,
    workspace: str | None,
    clock: Clock,
    on_progress: OnProgress,
    *,
    note: Callable[[VoiceId], None],
    rename: bool,
    require_consent: bool = False,
) -> ImportReport:
    """All voices of a file in one transaction; servers may go on. workspace: whose they become; None: as in the
    file. note: called with each id, as it will be, when nothing but the transaction is left; what it raises ends the
    import. rename: give a voice whose id is taken a new one. require_consent: refuse a recording without a complete
    one. Raises: InvalidRequest (damaged, or not of our making), ConsentRequired, VoiceAlreadyExists,
    ServiceUnavailable, OSError."""
    await target.prepare()
    with open_archive(file) as archive:
        owner = check_workspace_name(workspace or archive.manifest.workspace)
        taken = {VoiceId(voice_id) for name, voice_id in await list_voices(target) if name == owner}
        voices = _named(archive, owner, taken, clock, rename=rename)
        num_prefixes = [2 if voice.samples else 1 for voice in archive.manifest.voices]
        dictionaries = [_checked_dictionary(owner, given) for given in archive.manifest.dictionaries]
        prefixes = [[new_blob_prefix() for _ in range(number)] for number in num_prefixes]
        listed = [prefix for of_voice in prefixes for prefix in of_voice]
        async with target.ledger.pending(listed):
            rows = []
            revocations = [_to_revocation_row(owner, revocation) for revocation in archive.manifest.revocations]
            for number, voice in enumerate(voices):
                on_progress(number, len(voices))
                contents = archive.read(number)
                archived = archive.manifest.voices[number]
                artifact = VoiceArtifact(contents[ARTIFACT], archived.engine_id, archived.engine_version)
                samples = [
                    StoredSample(
                        contents[sample_name(i)], sample.transcript, sample.lang, sample.rating, sample.recording_sha256
                    )
                    for i, sample in enumerate(archived.samples)
                ]
                _check_consent(voice, samples, require_consent=require_consent)
                row = to_row(owner, voice, artifact, samples, prefixes[number])
                _check_rows(row, *row.samples)
                for prefix, names in digests(row).items():
                    await put_whole(target.ledger.blobs, prefix, names, {name: contents[name] for name in names})
                rows.append(row)

            def add(session: Session) -> None:
                target.ledger.take_over(session, listed)
                ensure_workspace(session, owner, clock)
                # Once more: a server may have made one of that name meanwhile.
                ids = select(VoiceRow.voice_id).where(VoiceRow.workspace == owner)
                _refuse(set(session.scalars(ids)).intersection(row.voice_id for row in rows))
                session.add_all(rows)
                for revocation in revocations:
                    session.merge(revocation)
                _add_dictionaries(session, dictionaries, rename=rename)

            for row in rows:
                note(VoiceId(row.voice_id))
            try:
                await target.database.write(add)
            except IntegrityError as exc:
                raise VoiceAlreadyExists("A server has taken one of the voice ids meanwhile. Import again.") from exc
        on_progress(len(voices), len(voices))
        given = (archived.voice for archived in archive.manifest.voices)
        return ImportReport(owner, {old.voice_id: new.voice_id for old, new in zip(given, voices, strict=True)})


async def _read_voice(source: Stores, number: int) -> tuple[VoiceRow, dict[str, bytes]]:
    """The row, and its blobs by name. Raises: BlobDamaged, InvalidRequest (it is gone), ServiceUnavailable."""
    before = None
    while True:
        row = await load_voice(source, number)
        contents: dict[str, bytes] = {}
        try:
            for prefix, names in digests(row).items():
                contents |= await read_whole(source.ledger.blobs, prefix, names)
        except BlobDamaged:
            # A better artifact may have taken its place between the two reads: look again.
            if row.artifact_prefix == before:
                raise
            before = row.artifact_prefix
        else:
            return row, contents


def _to_archived(row: VoiceRow) -> ArchivedVoice:
    samples = (
        ArchivedSample(s.transcript, LangCode(s.lang), s.rating, s.sha256, s.recording_sha256) for s in row.samples
    )
    return ArchivedVoice(to_voice(row), row.engine_id, row.engine_version, row.artifact_sha256, tuple(samples))


def _named(
    archive: ArchiveReader, owner: WorkspaceId, taken: set[VoiceId], clock: Clock, *, rename: bool
) -> list[Voice]:
    """The voices as they will be. Raises: InvalidRequest, VoiceAlreadyExists."""
    given = [_checked(archived.voice) for archived in archive.manifest.voices]
    ids = {voice.voice_id for voice in given}
    if len(ids) < len(given):
        raise InvalidRequest("Two voices of the file have one id. Nothing was imported.")
    if not rename:
        _refuse(ids & taken)
    used = ids | taken
    voices = []
    for voice in given:
        voice_id, attempt = voice.voice_id, 0
        if voice_id in taken:
            while voice_id in used:
                voice_id = clone_voice_id(owner, voice.display_name, clock.now(), attempt)
                attempt += 1
            used.add(voice_id)
        voices.append(replace(voice, workspace=owner, voice_id=voice_id, is_draft=False, expires_at=None))
    return voices


def _checked(voice: Voice) -> Voice:
    """Raises: InvalidRequest for values that no voice of ours has."""
    _check_moments("created_at", voice.created_at)
    if voice.source is not VoiceSource.IVC:
        raise _odd_value("source")
    if not voice.voice_id or not voice.voice_id.isprintable():
        raise _odd_value("voice_id")
    if voice.design is not None and not 0 <= voice.design.seed <= _MAX_SEED:
        raise _odd_value("design.seed")
    return voice


def _check_moments(field: str, *moments: datetime | None) -> None:
    """Raises: InvalidRequest."""
    for moment in moments:
        try:
            if moment is not None:
                moment.astimezone(UTC)
        except OverflowError as exc:
            raise _odd_value(field) from exc


def _check_consent(voice: Voice, samples: Sequence[StoredSample], *, require_consent: bool) -> None:
    """Raises: InvalidRequest for a consent to other recordings, ConsentRequired."""
    consent = voice.consent
    if samples and require_consent and (consent is None or not consent.is_complete):
        raise ConsentRequired(
            f"The voice '{voice.voice_id[:128]}' of the file comes without a complete consent, and "
            "MYNA_REQUIRE_CONSENT is set here. Record it where the voice comes from, and export again. Nothing was "
            "imported."
        )
    if consent is not None:
        _check_moments("consent", consent.given_at, consent.revoked_at)
        is_bound = consent.given_at is None or consent.recordings == tuple(sample.digest for sample in samples)
        if not is_bound or "\0" in f"{consent.given_by}{consent.speaker}{consent.purpose}{consent.statement}":
            raise _odd_value("consent")


def _to_revocation_row(owner: WorkspaceId, revocation: Revocation) -> RevocationRow:
    """Raises: InvalidRequest for values that none of ours has."""
    _check_moments("revocations", revocation.given_at, revocation.revoked_at)
    row = RevocationRow(workspace=owner, **{**asdict(revocation), "recordings": " ".join(revocation.recordings)})
    _check_rows(row)
    return row


def _checked_dictionary(owner: WorkspaceId, given: PronunciationDictionary) -> PronunciationDictionary:
    """Raises: InvalidRequest for what no dictionary of ours holds."""
    _check_moments("dictionaries", given.created_at, given.updated_at)
    if not is_dictionary_id(given.dictionary_id) or not given.etag.isalnum() or len(given.etag) > _MAX_ETAG_CHARS:
        raise _odd_value("dictionaries")
    name, entries = check_display_name(given.display_name), check_entries(given.entries)
    return replace(given, workspace=owner, display_name=name, entries=entries)


def _add_dictionaries(session: Session, dictionaries: Sequence[PronunciationDictionary], *, rename: bool) -> None:
    """Raises: InvalidRequest, if one of them is there already and may not get a new id."""
    for dictionary in dictionaries:
        row = to_dictionary_row(dictionary)
        if session.get(DictionaryRow, (row.workspace, row.dictionary_id)) is not None:
            if not rename:
                raise InvalidRequest(
                    "A pronunciation dictionary of the file is in this workspace already. Nothing was imported. "
                    "Delete it, or let --rename give the file's a new id."
                )
            row.dictionary_id = new_dictionary_id(dictionary.created_at)
        session.add(row)
        session.flush()


def _check_rows(*rows: VoiceRow | SampleRow | RevocationRow) -> None:
    """Raises: InvalidRequest for text that a database would not take."""
    for part in rows:
        for column in part.__table__.columns:
            value = getattr(part, column.key)
            most_chars = getattr(column.type, "length", None)
            if isinstance(value, str) and ("\0" in value or (most_chars is not None and len(value) > most_chars)):
                raise _odd_value(column.key)


def _refuse(taken: set[VoiceId] | set[str]) -> None:
    if taken:
        some = ", ".join(sorted(taken)[:_SHOWN_IDS])
        raise VoiceAlreadyExists(
            f"{len(taken)} voice ids of the file are taken in this workspace: {some[:255]}. Nothing was imported. "
            "Delete those voices, import into another --workspace, or let --rename choose new ids."
        )


def _odd_value(field: str) -> InvalidRequest:
    return InvalidRequest(f"A voice of the file has a value in '{field}' that no voice has. Nothing was imported.")
