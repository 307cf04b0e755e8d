"""Forget a workspace, and say under a signature what was forgotten."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from myna.domain.errors import InvalidRequest, ResourceNotFound, ServiceUnavailable, VoiceNotFound
from myna.domain.voice import VoiceId, WorkspaceId
from myna.store.copying import list_voices, load_voice
from myna.store.keys import note_forgotten
from myna.store.opening import Stores
from myna.store.tables import ApiKeyRow, DictionaryRow, PendingBlobsRow, RequestKeyRow, WorkspaceRow
from myna.store.voice_rows import digests
from myna.usecases.ports import Clock

Receipt = dict[str, Any]
"""`workspace`, `forgottenAt`, `numKeys`, and of each of the `voices` its `voiceId` and the `sha256` of every file."""


async def forget_workspace(
    stores: Stores,
    workspace: str,
    clock: Clock,
    on_progress: Callable[[int, int], None],
    note_deleted: Callable[[str], None],
) -> Receipt:
    """Keys, then every voice and draft with its files, jobs, and the rest; may be repeated where it broke off.
    on_progress: voices done, in all. note_deleted: called with each id before it goes; what it raises ends the work.
    Raises: ResourceNotFound, ServiceUnavailable (also while any file in this store cannot be removed: no receipt
    then)."""
    await stores.prepare()
    await stores.ledger.recover()
    # What is listed names no workspace: it may be what an earlier run, or a server, could not remove of this one.
    left_before = await stores.database.read(lambda session: session.scalars(select(PendingBlobsRow.prefix)).all())

    def delete_keys(session: Session) -> int:
        if session.get(WorkspaceRow, workspace) is None:
            raise ResourceNotFound(f"There is no workspace '{workspace[:63]}' in this store.")
        of_workspace = delete(ApiKeyRow).where(ApiKeyRow.workspace == workspace)
        return len(session.scalars(of_workspace.returning(ApiKeyRow.key_id)).all())

    def delete_rest(session: Session) -> None:
        for table in (ApiKeyRow, RequestKeyRow, DictionaryRow):
            session.execute(delete(table).where(table.workspace == workspace))
        session.execute(delete(WorkspaceRow).where(WorkspaceRow.name == workspace))
        note_forgotten(session, workspace, clock)

    # First, so that nobody adds a voice meanwhile.
    num_keys = await stores.database.write(delete_keys)
    voices: list[Receipt] = []
    while numbers := {key: number for key, number in (await list_voices(stores)).items() if key[0] == workspace}:
        num_before = len(voices)
        for (_, voice_id), number in numbers.items():
            on_progress(len(voices), num_before + len(numbers))
            try:
                files = digests(await load_voice(stores, number))
            except InvalidRequest:  # a server has just deleted it
                continue
            note_deleted(voice_id)
            try:
                await stores.voices.delete(WorkspaceId(workspace), VoiceId(voice_id))
            except VoiceNotFound:  # a draft whose time is over
                await stores.voices.delete_expired_drafts()
            voices.append({"voiceId": voice_id, "sha256": [sha for names in files.values() for sha in names.values()]})
            await _check_removed(stores, list(files))
    await _check_removed(stores, [*left_before, *await stores.jobs.delete_all(WorkspaceId(workspace))])
    try:
        await stores.database.write(delete_rest)
    except IntegrityError as exc:
        raise ServiceUnavailable("A server has made a voice there meanwhile. Do it again.") from exc
    await stores.database.wipe()
    on_progress(len(voices), len(voices))
    forgotten_at = clock.now().isoformat(timespec="seconds")
    return {"workspace": workspace, "forgottenAt": forgotten_at, "numKeys": num_keys, "voices": voices}


async def _check_removed(stores: Stores, prefixes: Sequence[str]) -> None:
    """Raises: ServiceUnavailable."""
    listed = select(PendingBlobsRow.prefix).where(PendingBlobsRow.prefix.in_(prefixes)).limit(1)
    left = await stores.database.read(lambda session: session.scalar(listed))
    if left:
        raise ServiceUnavailable("Files of it cannot be removed right now. Do it again when the storage is back.")
