"""Keep pronunciation dictionaries, and find those that a request wants its words said by."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from myna.domain.errors import DictionaryChanged, InvalidRequest, ResourceNotFound
from myna.domain.pronunciation import (
    MAX_DICTIONARIES_AT_ONCE,
    PronunciationDictionary,
    PronunciationEntry,
    check_display_name,
    check_entries,
)
from myna.domain.voice import WorkspaceId
from myna.usecases.ports import Clock, DictionaryStore

MAX_DICTIONARIES = 100
"""Of a workspace."""

PAGE_SIZE = 5
"""The default and the most: a page holds whole dictionaries (wire-contract.md#pronunciations)."""


@dataclass(frozen=True, slots=True)
class KeepDictionaries:
    dictionaries: DictionaryStore
    clock: Clock

    async def create(
        self, workspace: WorkspaceId, display_name: str, entries: Sequence[PronunciationEntry]
    ) -> PronunciationDictionary:
        """Raises: InvalidRequest."""
        now = self.clock.now()
        made = PronunciationDictionary(
            workspace=workspace,
            dictionary_id=new_dictionary_id(now),
            display_name=check_display_name(display_name),
            entries=await asyncio.to_thread(check_entries, entries),
            etag=secrets.token_hex(8),
            created_at=now,
            updated_at=now,
        )
        await self.dictionaries.add(made)
        return made

    async def get(self, workspace: WorkspaceId, dictionary_id: str) -> PronunciationDictionary:
        """Raises: ResourceNotFound."""
        return await self.dictionaries.get(workspace, _checked_id(dictionary_id))

    async def list(
        self, workspace: WorkspaceId, page_size: int, page_token: str
    ) -> tuple[Sequence[PronunciationDictionary], str]:
        """A page and the token of the next, empty after the last. page_size: 0 for the most. Raises: InvalidRequest."""
        if page_token and not is_dictionary_id(page_token):
            raise InvalidRequest("pageToken is not one of this list. Use nextPageToken of the page before.")
        most = min(page_size or PAGE_SIZE, PAGE_SIZE)
        found = await self.dictionaries.list(workspace, page_token, most + 1)
        page = found[:most]
        return page, page[-1].dictionary_id if len(found) > most else ""

    async def update(
        self,
        workspace: WorkspaceId,
        dictionary_id: str,
        etag: str,
        display_name: str | None,
        entries: Sequence[PronunciationEntry] | None,
    ) -> PronunciationDictionary:
        """None leaves a part as it is. Raises: InvalidRequest, ResourceNotFound, DictionaryChanged."""
        _check_etag(etag)
        old = await self.get(workspace, dictionary_id)
        changed = replace(
            old,
            display_name=old.display_name if display_name is None else check_display_name(display_name),
            entries=old.entries if entries is None else await asyncio.to_thread(check_entries, entries),
            etag=secrets.token_hex(8),
            updated_at=self.clock.now(),
        )
        await self.dictionaries.replace(changed, etag)
        return changed

    async def delete(self, workspace: WorkspaceId, dictionary_id: str, etag: str, *, allow_missing: bool) -> None:
        """Raises: InvalidRequest, ResourceNotFound, DictionaryChanged."""
        _check_etag(etag)
        try:
            await self.dictionaries.delete(workspace, _checked_id(dictionary_id), etag)
        except ResourceNotFound:
            if not allow_missing:
                raise

    async def choose(self, workspace: WorkspaceId, names: Sequence[str] | None) -> Sequence[PronunciationDictionary]:
        """In its order. names: None for the workspace's oldest, if any. Raises: InvalidRequest, ResourceNotFound."""
        if names is None:
            return await self.dictionaries.list(workspace, "", 1)
        return [await self.get(workspace, name.rpartition("/")[2]) for name in names]


def check_names(names: Sequence[str]) -> None:
    """Full resource names; whose the workspace in them is decides the key alone. Raises: InvalidRequest."""
    ids = {name.rpartition("/")[2] for name in names}
    if not 1 <= len(names) <= MAX_DICTIONARIES_AT_ONCE or len(ids) < len(names):
        raise InvalidRequest(
            f"pronunciationDictionarySettings.dictionaries must name 1 to {MAX_DICTIONARIES_AT_ONCE} different ones."
        )
    for name in names:
        parts = name.split("/")
        if len(parts) != 4 or (parts[0], parts[2]) != ("workspaces", "pronunciationDictionaries"):
            raise InvalidRequest(
                "pronunciationDictionarySettings.dictionaries: a name has the form "
                "workspaces/{workspace}/pronunciationDictionaries/{uuid}."
            )


def new_dictionary_id(made_at: datetime) -> str:
    """A UUID of version 7: milliseconds, then chance."""
    number = (int(made_at.timestamp() * 1000) % (1 << 48) << 80) | secrets.randbits(80)
    return str(UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | (7 << 76) | (2 << 62)))


def too_many_dictionaries() -> InvalidRequest:
    return InvalidRequest(f"The workspace has {MAX_DICTIONARIES} pronunciation dictionaries already. Delete one first.")


def unknown_dictionary() -> ResourceNotFound:
    return ResourceNotFound("There is no such pronunciation dictionary in this workspace.")


def stale_etag() -> DictionaryChanged:
    return DictionaryChanged("The dictionary has changed since this etag. Get it again and repeat the change.")


def is_dictionary_id(dictionary_id: str) -> bool:
    """Whether one could have it."""
    try:
        return str(UUID(dictionary_id)) == dictionary_id
    except ValueError:
        return False


def _checked_id(dictionary_id: str) -> str:
    if not is_dictionary_id(dictionary_id):
        raise unknown_dictionary()
    return dictionary_id


def _check_etag(etag: str) -> None:
    if not etag:
        raise InvalidRequest("etag is required. Get the dictionary and send the etag that it has.")
