"""List, show, change and delete voices. Stock voices can be seen and spoken with, never changed."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from myna.domain.errors import InvalidRequest, PermissionDenied, VoiceNotFound
from myna.domain.language import LangCode
from myna.domain.voice import Voice, VoiceId, WorkspaceId, unknown_voice
from myna.usecases.ports import DeletedFiles, VoiceChange, VoiceStore
from myna.usecases.stock import StockVoices
from myna.usecases.voice_filter import AGE_GROUPS, GENDERS, AllOf, AnyOf, compile_filter, speaks
from myna.usecases.voice_order import Position, VoiceOrder, VoiceSelection, parse_order


@dataclass(frozen=True, slots=True)
class VoiceQuery:
    """Which voices to list, in which order, and where to go on."""

    languages: tuple[str, ...] = ()
    """Any of these, in any spelling (`EN_US`, `en-US`, `en`); empty for all."""
    filter: str = ""
    """See `voice_filter`."""
    order_by: str = ""
    """`display_name asc, create_time desc`; empty: stock voices first, then by age."""
    page_size: int | None = None
    """None: all."""
    page_token: str = ""
    """From the page before; empty for the first."""


@dataclass(frozen=True, slots=True)
class VoicePage:
    voices: tuple[Voice, ...]
    total_size: int
    """Of all pages together."""
    next_page_token: str
    """Empty on the last page."""


_DEFAULT_ORDER = "is_custom asc, create_time asc"
_NOT_OURS = "pageToken is not one that was given out. Start again without it."


@dataclass(frozen=True, slots=True)
class ManageVoices:
    voices: VoiceStore
    stock: StockVoices
    forget: Callable[[WorkspaceId, VoiceId], None]
    """Whoever works on a voice hears that it is gone."""

    async def list(self, workspace: WorkspaceId, query: VoiceQuery) -> VoicePage:
        """Pages go on after the last voice of the one before, whatever happened. Raises: InvalidRequest."""
        test = compile_filter(query.filter)
        if query.languages:
            test = AllOf((test, AnyOf(tuple(map(speaks, dict.fromkeys(query.languages))))))
        order = parse_order(query.order_by or _DEFAULT_ORDER)
        fingerprint = _fingerprint(query)
        after = _read_token(query.page_token, fingerprint, order) if query.page_token else None

        limit = query.page_size + 1 if query.page_size is not None else None  # one more: is it the last page?
        selection = VoiceSelection(test, order, after, limit)
        own = await self.voices.select(workspace, selection)
        found = selection.of((*self.stock.voices, *own.voices))
        page = tuple(found.voices[: query.page_size])
        token = ""
        if len(found.voices) > len(page):
            fields = json.dumps([fingerprint, *order.position(page[-1])])
            token = base64.urlsafe_b64encode(fields.encode()).decode().rstrip("=")
        return VoicePage(page, found.num_found - len(own.voices) + own.num_found, token)

    async def names(self, workspace: WorkspaceId) -> Sequence[tuple[VoiceId, str]]:
        """Ids and display names of all, in the order of a list that asks for none."""
        stock = sorted(self.stock.voices, key=lambda voice: (voice.created_at, voice.voice_id))
        return [*((voice.voice_id, voice.display_name) for voice in stock), *await self.voices.list_names(workspace)]

    async def languages(self, workspace: WorkspaceId) -> set[LangCode]:
        """Those that there are voices in."""
        return {voice.lang for voice in self.stock.voices} | await self.voices.list_languages(workspace)

    async def get(self, workspace: WorkspaceId, voice_id: VoiceId) -> Voice:
        """Raises: VoiceNotFound."""
        stock = self.stock.find(voice_id)
        return stock[0] if stock is not None else await self.voices.get(workspace, voice_id)

    async def resolve(self, workspace: WorkspaceId, name: str) -> VoiceId:
        """For the end of `workspaces/{workspace}/voices/{name}`: an id, or what follows `__`. Raises: VoiceNotFound."""
        for voice_id in (VoiceId(name), VoiceId(f"{workspace}__{name}")):
            with suppress(VoiceNotFound):
                return (await self.get(workspace, voice_id)).voice_id
        raise unknown_voice(name)

    async def update(self, workspace: WorkspaceId, voice_id: VoiceId, change: VoiceChange) -> Voice:
        """The id stays, whatever the new name. Raises: VoiceNotFound, PermissionDenied, InvalidRequest."""
        if self.stock.find(voice_id) is not None:
            raise PermissionDenied("Stock voices cannot be changed. Clone a voice of your own.")
        _check_change(change)
        return await self.voices.update(workspace, voice_id, change)

    async def publish(self, workspace: WorkspaceId, voice_id: VoiceId, change: VoiceChange) -> Voice:
        """Keep a draft; of a voice that is kept only what is asked is changed. Raises: VoiceNotFound, ..."""
        _check_change(change)
        stock = self.stock.find(voice_id)
        if stock is not None:
            return stock[0]
        try:
            return await self.voices.publish(workspace, voice_id, change)
        except VoiceNotFound as exc:
            raise VoiceNotFound(f"{exc.message} Drafts expire; design the voice again.") from exc

    async def check_deletable(self, workspace: WorkspaceId, voice_id: VoiceId) -> None:
        """Whether there is something to delete. Raises: VoiceNotFound, PermissionDenied."""
        if self.stock.find(voice_id) is not None:
            raise PermissionDenied("Stock voices cannot be deleted.")
        await self.voices.get(workspace, voice_id)

    async def delete(self, workspace: WorkspaceId, voice_id: VoiceId) -> DeletedFiles:
        """Of one that was checked. Raises: VoiceNotFound."""
        deleted = await self.voices.delete(workspace, voice_id)
        self.forget(workspace, voice_id)
        return deleted


def _check_change(change: VoiceChange) -> None:
    """Raises: InvalidRequest for a value that a voice cannot have."""
    if change.display_name is not None and not change.display_name.strip():
        raise InvalidRequest("displayName must not be empty.")
    if change.gender is not None and change.gender not in GENDERS:
        raise InvalidRequest(f"gender must be one of {', '.join(GENDERS[:-1])}, or empty.")
    if change.age_group is not None and change.age_group not in AGE_GROUPS:
        raise InvalidRequest(f"ageGroup must be one of {', '.join(AGE_GROUPS[:-1])}, or empty.")


def _fingerprint(query: VoiceQuery) -> str:
    """Eight hex digits that tell queries apart: a token serves only the query that it came from (AIP-158)."""
    text = json.dumps([sorted(query.languages), query.filter, query.order_by])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _read_token(token: str, fingerprint: str, order: VoiceOrder) -> Position:
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        fields = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as exc:
        raise InvalidRequest(_NOT_OURS) from exc
    num_fields = 1 + len(order.names) + 1
    is_ours = isinstance(fields, list) and len(fields) == num_fields and all(isinstance(f, str) for f in fields)
    if not is_ours or fields[0] != fingerprint:
        raise InvalidRequest(
            "pageToken belongs to another query. Repeat languages, filter and orderBy, or leave it out."
        )
    position: Position = tuple(fields[1:])
    try:
        order.check(position)
    except ValueError as exc:
        raise InvalidRequest(_NOT_OURS) from exc
    return position
