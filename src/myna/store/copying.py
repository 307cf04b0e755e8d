"""Copy a whole store into another, every digest checked, with the same rows and blob prefixes: a copy that was
killed is run again and adds what is missing. Nothing in the target is changed or removed. What is of the moment
stays behind: pending blobs, request keys, counts of limits, jobs and results, when a key was last used."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from myna.domain.errors import InvalidRequest, ServiceUnavailable
from myna.store.blobs import BlobPrefix, Blobs
from myna.store.opening import Stores
from myna.store.tables import ApiKeyRow, Base, DictionaryRow, RevocationRow, SampleRow, VoiceRow, WorkspaceRow
from myna.store.voice_rows import digests, sha256

_NOT_COPIED = {"id", "voice_row_id", "last_used_on", "sort_name"}
"""What a database numbers by itself, is of the moment, or follows from another column, which may be stale."""

Identity = tuple[str, str]
"""Workspace and voice id."""


@dataclass(frozen=True, slots=True)
class DamagedBlob:
    """A file of the source that is missing or does not match its digest. Its voice was not copied."""

    workspace: str
    voice_id: str
    name: str
    """Where it should be: prefix and name."""


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What the target holds now."""

    num_keys: int
    num_voices: int
    num_voices_added: int
    """By this run; the others were there."""
    damaged: Sequence[DamagedBlob]


class BlobDamaged(Exception):
    """Its text is the blob's prefix and name."""


async def copy_store(source: Stores, target: Stores, on_progress: Callable[[int, int], None]) -> CopyReport:
    """May be killed and repeated. A voice with a damaged blob is left out and named; blobs that are there already
    are checked too. on_progress: voices done, in all. Raises: InvalidRequest (one of the two is in use, or the
    target holds something else), ServiceUnavailable."""
    await source.prepare()
    await target.prepare()
    for stores in (source, target):
        if stores.ledger.is_used_by_others():
            raise InvalidRequest("A server or command is using one of the two stores. Stop it and copy again.")
    wanted, present = await list_voices(source), await list_voices(target)
    for identity, number in present.items():
        if identity not in wanted or await _content(target, number) != await _content(source, wanted[identity]):
            raise _other_content(f"the voice '{identity[1]}'")
    num_keys = await _copy_rows(source, target)
    damaged = []
    for num_done, (identity, number) in enumerate(wanted.items()):
        on_progress(num_done, len(wanted))
        voice = await load_voice(source, number)
        try:
            if identity in present:
                await _copy_blobs(source.ledger.blobs, target.ledger.blobs, voice)
            else:
                await _copy_voice(source.ledger.blobs, target, voice)
        except BlobDamaged as exc:
            damaged.append(DamagedBlob(*identity, str(exc)))
    on_progress(len(wanted), len(wanted))
    num_whole = len(wanted) - len(damaged)
    return CopyReport(num_keys, num_whole, num_whole - len(present), damaged)


async def _copy_rows(source: Stores, target: Stores) -> int:
    """Workspaces, revocations, dictionaries and keys in one transaction; returns the number of keys."""
    kinds = WorkspaceRow, RevocationRow, DictionaryRow, ApiKeyRow

    def read(session: Session) -> list[set[tuple[tuple[str, Any], ...]]]:
        return [{tuple(_columns(row).items()) for row in session.scalars(select(kind))} for kind in kinds]

    def add(session: Session) -> None:
        for kind, here, there in zip(kinds, wanted, read(session), strict=True):
            if there - here:
                raise _other_content("a workspace, key, revocation or dictionary")
            session.add_all(kind(**dict(row)) for row in here - there)
            session.flush()

    wanted = await source.database.read(read)
    await target.database.write(add)
    return len(wanted[-1])


async def _copy_voice(source: Blobs, target: Stores, voice: VoiceRow) -> None:
    """Blobs, then the row: the target owns both or neither. Raises: BlobDamaged, ServiceUnavailable."""
    prefixes = digests(voice).keys()
    async with target.ledger.pending(prefixes):
        await _copy_blobs(source, target.ledger.blobs, voice)

        def add(session: Session) -> None:
            target.ledger.take_over(session, prefixes)
            session.add(VoiceRow(**_columns(voice), samples=[SampleRow(**_columns(s)) for s in voice.samples]))

        await target.database.write(add)


async def _copy_blobs(source: Blobs, target: Blobs, voice: VoiceRow) -> None:
    """Those that are not in the target, or not whole. Raises: BlobDamaged, ServiceUnavailable."""
    for prefix, names in digests(voice).items():
        if await _are_whole(target, prefix, names):
            continue
        await put_whole(target, prefix, names, await read_whole(source, prefix, names))


async def read_whole(blobs: Blobs, prefix: BlobPrefix, names: dict[str, str]) -> dict[str, bytes]:
    """All blobs of a prefix; names: and their digests. Raises: BlobDamaged, ServiceUnavailable."""
    contents: dict[str, bytes] = {}
    for name, digest in names.items():
        content = await blobs.get(prefix, name)
        if content is None or sha256(content) != digest:
            raise BlobDamaged(f"{prefix}/{name}")
        contents[name] = content
    return contents


async def put_whole(blobs: Blobs, prefix: BlobPrefix, names: dict[str, str], contents: dict[str, bytes]) -> None:
    """Write all blobs of a prefix and look whether they are there. Raises: ServiceUnavailable."""
    await blobs.put(prefix, contents)
    if not await _are_whole(blobs, prefix, names):
        raise ServiceUnavailable(f"The target does not give back what was written to it as {prefix}. Try again.")


async def _are_whole(blobs: Blobs, prefix: BlobPrefix, names: dict[str, str]) -> bool:
    try:
        await read_whole(blobs, prefix, names)
    except BlobDamaged:
        return False
    return True


async def list_voices(stores: Stores) -> dict[Identity, int]:
    """Their numbers in the database, in the order in which they were made."""
    query = select(VoiceRow.workspace, VoiceRow.voice_id, VoiceRow.id).order_by(VoiceRow.id)
    rows = await stores.database.read(lambda session: session.execute(query).all())
    return {(workspace, voice_id): number for workspace, voice_id, number in rows}


async def load_voice(stores: Stores, number: int) -> VoiceRow:
    """With its samples. Raises: InvalidRequest (it is gone), ServiceUnavailable."""
    query = select(VoiceRow).where(VoiceRow.id == number).options(selectinload(VoiceRow.samples))
    row = await stores.database.read(lambda session: session.scalar(query))
    if row is None:
        raise InvalidRequest("A voice was deleted while the store was read. Do it again, with the servers stopped.")
    return row


async def _content(stores: Stores, number: int) -> object:
    voice = await load_voice(stores, number)
    return _columns(voice), [_columns(sample) for sample in voice.samples]


def _columns(row: Base) -> dict[str, Any]:
    names = (column.key for column in row.__table__.columns)
    return {name: getattr(row, name) for name in names if name not in _NOT_COPIED}


def _other_content(example: str) -> InvalidRequest:
    return InvalidRequest(
        f"The target is no unfinished copy of the source: {example} is not in the source, or not like this. "
        "Choose an empty target."
    )
