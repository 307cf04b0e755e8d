"""Pronunciation dictionaries in SQL. One has up to half a megabyte of JSON, which is read and written on a thread."""

import asyncio
import json
from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

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
        async with self._database.writing() as session:
            await ensure_workspace(session, dictionary.workspace, self._clock, dictionary.created_at)
            mine = (
                select(func.count()).select_from(DictionaryRow).where(DictionaryRow.workspace == dictionary.workspace)
            )
            if (await session.scalar(mine) or 0) >= MAX_DICTIONARIES:
                raise too_many_dictionaries()
            session.add(row)

    async def get(self, workspace: WorkspaceId, dictionary_id: str) -> PronunciationDictionary:
        async with self._database.reading() as session:
            row = await session.get(DictionaryRow, (workspace, dictionary_id))
        if row is None:
            raise unknown_dictionary()
        return await asyncio.to_thread(to_dictionary, row)

    async def list(self, workspace: WorkspaceId, after_id: str, limit: int) -> Sequence[PronunciationDictionary]:
        query = select(DictionaryRow).where(
            DictionaryRow.workspace == workspace, DictionaryRow.dictionary_id > after_id
        )
        async with self._database.reading() as session:
            rows = (await session.scalars(query.order_by(DictionaryRow.dictionary_id).limit(limit))).all()
        return await asyncio.to_thread(lambda: [to_dictionary(row) for row in rows])

    async def replace(self, dictionary: PronunciationDictionary, etag: str) -> None:
        row = await asyncio.to_thread(to_dictionary_row, dictionary)
        async with self._database.writing() as session:
            await _take(session, dictionary.workspace, dictionary.dictionary_id, etag)
            session.add(row)
        await self._database.wipe()

    async def delete(self, workspace: WorkspaceId, dictionary_id: str, etag: str) -> None:
        async with self._database.writing() as session:
            await _take(session, workspace, dictionary_id, etag)
        await self._database.wipe()


async def _take(session: AsyncSession, workspace: WorkspaceId, dictionary_id: str, etag: str) -> None:
    """Delete the row that has this etag: of two writers at once one finds it. Raises: ResourceNotFound,
    DictionaryChanged."""
    identity = (DictionaryRow.workspace == workspace, DictionaryRow.dictionary_id == dictionary_id)
    gone = await session.execute(
        delete(DictionaryRow).where(*identity, DictionaryRow.etag == etag).returning(DictionaryRow.dictionary_id)
    )
    if gone.first() is None:
        is_there = await session.scalar(select(DictionaryRow.dictionary_id).where(*identity))
        raise stale_etag() if is_there else unknown_dictionary()


def to_dictionary_row(dictionary: PronunciationDictionary) -> DictionaryRow:
    entries = [(entry.headword, entry.lang_code, entry.phones) for entry in dictionary.entries]
    return DictionaryRow(
        workspace=dictionary.workspace,
        dictionary_id=dictionary.dictionary_id,
        display_name=dictionary.display_name,
        entries=json.dumps(entries, ensure_ascii=False),
        etag=dictionary.etag,
        created_at=dictionary.created_at,
        updated_at=dictionary.updated_at,
    )


def to_dictionary(row: DictionaryRow) -> PronunciationDictionary:
    return PronunciationDictionary(
        workspace=WorkspaceId(row.workspace),
        dictionary_id=row.dictionary_id,
        display_name=row.display_name,
        entries=tuple(
            PronunciationEntry(headword, lang_code, tuple(phones))
            for headword, lang_code, phones in json.loads(row.entries)
        ),
        etag=row.etag,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
