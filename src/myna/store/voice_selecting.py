"""A selection of voices as SQL. Nothing that a caller wrote becomes part of a statement."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, not_, or_, select, true

from myna.domain.voice import WorkspaceId
from myna.store.tables import VoiceRow
from myna.usecases.voice_filter import AllOf, AnyOf, Not, Restriction, VoiceTest
from myna.usecases.voice_order import CREATED, CUSTOM, VoiceSelection, parse_time

_KEYS: Mapping[str, ColumnElement[Any]] = {
    "displayname": VoiceRow.sort_name.expression,
    "voiceid": VoiceRow.voice_id.expression,
    "langcode": VoiceRow.lang.expression,
    "source": VoiceRow.source.expression,
    CREATED: VoiceRow.created_at.expression,
    CUSTOM: literal("1"),
}
"""What the keys of `voice_order` are for a voice that is kept in a store."""
_MAX_RESTRICTIONS = 200
"""SQLite refuses an expression that is 1000 deep, and a row of alternatives is as deep as it is long."""


def listed(workspace: WorkspaceId) -> ColumnElement[bool]:
    """Published voices of the workspace."""
    return and_(VoiceRow.workspace == workspace, VoiceRow.is_draft.is_(False))


def select_voices(
    workspace: WorkspaceId, selection: VoiceSelection, columns: Sequence[ColumnElement[Any]], *, is_sqlite: bool
) -> tuple[Select[Any], Select[int]] | None:
    """Those selected, and how many pass the test; None where SQL has no words for test or order, or too many."""
    if _count(selection.test) > _MAX_RESTRICTIONS:
        return None
    condition = to_condition(selection.test)
    order = selection.order
    if condition is None or not set(order.names) <= _KEYS.keys():
        return None
    names, descending = (*order.names, "voiceid"), (*order.descending, False)
    # As Python compares text, whatever the database's language: SQLite does so by itself.
    keys = [_KEYS[name] if is_sqlite or name == CREATED else _KEYS[name].collate("C") for name in names]
    where = listed(workspace), condition
    is_behind: ColumnElement[bool] = true()
    if selection.after is not None:
        is_behind = false()
        for name, key, text, is_down in reversed(list(zip(names, keys, selection.after, descending, strict=True))):
            value = parse_time(text) if name == CREATED else text
            is_behind = or_(key < value if is_down else key > value, and_(key == value, is_behind))
    ways = [
        key.desc() if is_down else key
        for name, key, is_down in zip(names, keys, descending, strict=True)
        if name != CUSTOM  # the same for all
    ]
    found = select(*columns).where(*where, is_behind).order_by(*ways).limit(selection.limit)
    return found, select(func.count()).select_from(VoiceRow).where(*where)


def to_condition(test: VoiceTest) -> ColumnElement[bool] | None:
    """None for what has to be looked up in each voice: any text, in any case, and times as text."""
    match test:
        case AllOf(parts) | AnyOf(parts):
            conditions = [condition for part in parts if (condition := to_condition(part)) is not None]
            if len(conditions) < len(parts):
                return None
            return and_(true(), *conditions) if isinstance(test, AllOf) else or_(false(), *conditions)
        case Not(part):
            condition = to_condition(part)
            return not_(condition) if condition is not None else None
        case Restriction(field, accepts):
            column = getattr(VoiceRow, field.column, None)
            kept = [word for word, shown in field.words.items() if accepts(shown)]
            return column.in_(kept) if column is not None else None


def _count(test: VoiceTest) -> int:
    """Restrictions in it."""
    match test:
        case AllOf(parts) | AnyOf(parts):
            return sum(map(_count, parts))
        case Not(part):
            return _count(part)
        case Restriction():
            return 1
