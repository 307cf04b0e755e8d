"""Pronunciation dictionaries in SQL. One has up to half a megabyte of JSON, which is read and written on a thread."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from myna.domain.pronunciation import PronunciationDictionary, PronunciationEntry
from myna.domain.voice import WorkspaceId
from myna.store.database import Database
from myna.store.keys import ensure_workspace
from myna.store.tables import DictionaryRow
from myna.usecases.keep_dictionaries import MAX_DICTIONARIES, stale_etag, too_many_dictionaries, unknown_dictionary
from myna.usecases.ports import Clock


class SqlDictionaryStore:
    """Implements `DictionaryStore`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, dictionary: PronunciationDictionary) -> None:
        row = await asyncio.to_thread(to_dictionary_row, dictionary)
        mine = select(func.count()).select_from(DictionaryRow).where(DictionaryRow.workspace == dictionary.workspace)

        def add(session: Session) -> None:
            ensure_workspace(session, dictionary.workspace, self._clock, dictionary.created_at)
            if (session.scalar(mine) or 0) >= MAX_DICTIONARIES:
                raise too_many_dictionaries()
            session.add(row)

        await self._database.write(add)

    async def get(self, workspace: WorkspaceId, dictionary_id: str) -> PronunciationDictionary:
        row = await self._database.read(lambda session: session.get(DictionaryRow, (workspace, dictionary_id)))
        if row is None:
            raise unknown_dictionary()
        return await asyncio.to_thread(to_dictionary, row)

    async def list(self, workspace: WorkspaceId, after_id: str, limit: int) -> Sequence[PronunciationDictionary]:
        are_theirs = DictionaryRow.workspace == workspace, DictionaryRow.dictionary_id > after_id
        query = select(DictionaryRow).where(*are_theirs).order_by(DictionaryRow.dictionary_id).limit(limit)
        rows = await self._database.read(lambda session: session.scalars(query).all())
        return await asyncio.to_thread(lambda: [to_dictionary(row) for row in rows])

    async def replace(self, dictionary: PronunciationDictionary, etag: str) -> None:
        row = await asyncio.to_thread(to_dictionary_row, dictionary)

        def replace(session: Session) -> None:
            _take(session, dictionary.workspace, dictionary.dictionary_id, etag)
            session.add(row)

        await self._database.write(replace)
        await self._database.wipe()

    async def delete(self, workspace: WorkspaceId, dictionary_id: str, etag: str) -> None:
        await self._database.write(lambda session: _take(session, workspace, dictionary_id, etag))
        await self._database.wipe()


def _take(session: Session, workspace: WorkspaceId, dictionary_id: str, etag: str) -> None:
    """The row with this etag goes: of two writers one finds it. Raises: ResourceNotFound, DictionaryChanged."""
    identity = (DictionaryRow.workspace == workspace, DictionaryRow.dictionary_id == dictionary_id)
    gone = session.execute(
        delete(DictionaryRow).where(*identity, DictionaryRow.etag == etag).returning(DictionaryRow.dictionary_id)
    )
    if gone.first() is None:
        is_there = session.scalar(select(DictionaryRow.dictionary_id).where(*identity))
        raise stale_etag() if is_there else unknown_dictionary()


def to_dictionary_row(dictionary: PronunciationDictionary) -> DictionaryRow:
    entries = [(entry.headword, entry.lang_code, entry.phones) for entry in dictionary.entries]
    return DictionaryRow(**_fields(dictionary) | {"entries": json.dumps(entries, ensure_ascii=False)})


def to_dictionary(row: DictionaryRow) -> PronunciationDictionary:
    entries = tuple(PronunciationEntry(word, lang, tuple(phones)) for word, lang, phones in json.loads(row.entries))
    return PronunciationDictionary(**_fields(row) | {"entries": entries})


def _fields(of: PronunciationDictionary | DictionaryRow) -> dict[str, Any]:
    """A dictionary and its row have the same ones."""
    return {field.name: getattr(of, field.name) for field in fields(PronunciationDictionary)}
