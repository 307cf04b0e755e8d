"""List, show, change and delete voices. Stock voices can be seen and spoken with, never changed."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cmp_to_key

from myna.domain.errors import InvalidRequest, PermissionDenied, VoiceNotFound
from myna.domain.voice import Voice, VoiceId, WorkspaceId, unknown_voice
from myna.usecases.ports import DeletedFiles, VoiceChange, VoiceStore
from myna.usecases.voice_filter import compile_filter, format_time, is_custom, matches_language

GENDERS = ("male", "female", "neutral", "")
AGE_GROUPS = ("young", "middle_aged", "elderly", "")
"""Source: wire-contract.md#voice."""


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


_SORT_KEYS: dict[str, Callable[[Voice], str]] = {
    "displayname": lambda voice: voice.display_name.casefold(),
    "voiceid": lambda voice: voice.voice_id,
    "name": lambda voice: voice.name,
    "langcode": lambda voice: voice.lang.value,
    "source": lambda voice: voice.source.value,
    "createtime": format_time,
    "iscustom": lambda voice: str(int(is_custom(voice))),
}
_DEFAULT_ORDER = "is_custom asc, create_time asc"

_Position = tuple[str, ...]
"""Where a voice stands in an order: its sort keys, then its id, so that no two voices stand in one place."""


@dataclass(frozen=True, slots=True)
class _Order:
    names: tuple[str, ...]
    descending: tuple[bool, ...]

    def position(self, voice: Voice) -> _Position:
        return (*(_SORT_KEYS[name](voice) for name in self.names), voice.voice_id)

    def compare(self, first: _Position, second: _Position) -> int:
        for one, other, is_descending in zip(first, second, (*self.descending, False), strict=True):
            if one != other:
                return (1 if one > other else -1) * (-1 if is_descending else 1)
        return 0


@dataclass(frozen=True, slots=True)
class ListVoices:
    voices: VoiceStore
    stock: Sequence[Voice]

    async def __call__(self, workspace: WorkspaceId, query: VoiceQuery) -> VoicePage:
        """A page goes on after the last voice of the page before, whatever was added or deleted in between.

        Raises: InvalidRequest for a filter, order or token that is not valid.
        """
        test = compile_filter(query.filter)
        order = _parse_order(query.order_by or _DEFAULT_ORDER)
        fingerprint = _fingerprint(query)
        after = _read_token(query.page_token, fingerprint, len(order.names) + 1) if query.page_token else None

        found = [voice for voice in (*self.stock, *await self.voices.list(workspace)) if test(voice)]
        if query.languages:
            found = [voice for voice in found if any(matches_language(voice, lang) for lang in query.languages)]
        in_order = cmp_to_key(order.compare)
        found.sort(key=lambda voice: in_order(order.position(voice)))
        rest = found
        if after is not None:
            rest = [voice for voice in found if order.compare(order.position(voice), after) > 0]
        page = tuple(rest[: query.page_size])
        token = _write_token(fingerprint, order.position(page[-1])) if len(rest) > len(page) else ""
        return VoicePage(page, len(found), token)


@dataclass(frozen=True, slots=True)
class GetVoice:
    voices: VoiceStore
    stock: Sequence[Voice]

    async def __call__(self, workspace: WorkspaceId, voice_id: VoiceId) -> Voice:
        """Raises: VoiceNotFound."""
        stock_voice = _find_stock(self.stock, voice_id)
        return stock_voice if stock_voice is not None else await self.voices.get(workspace, voice_id)

    async def resolve(self, workspace: WorkspaceId, name: str) -> VoiceId:
        """The id for the last part of `workspaces/{workspace}/voices/{name}`: a whole id, or what follows the `__`.

        Raises: VoiceNotFound.
        """
        for voice_id in (VoiceId(name), VoiceId(f"{workspace}__{name}")):
            with suppress(VoiceNotFound):
                return (await self(workspace, voice_id)).voice_id
        raise unknown_voice(name)


@dataclass(frozen=True, slots=True)
class UpdateVoice:
    voices: VoiceStore
    stock: Sequence[Voice]

    async def __call__(self, workspace: WorkspaceId, voice_id: VoiceId, change: VoiceChange) -> Voice:
        """The id stays, whatever the new name. Raises: VoiceNotFound, PermissionDenied, InvalidRequest."""
        if _find_stock(self.stock, voice_id) is not None:
            raise PermissionDenied("Stock voices cannot be changed. Clone a voice of your own.")
        check_change(change)
        return await self.voices.update(workspace, voice_id, change)


@dataclass(frozen=True, slots=True)
class DeleteVoice:
    voices: VoiceStore
    stock: Sequence[Voice]
    forget: Callable[[WorkspaceId, VoiceId], None]
    """Whoever works on the voice hears that it is gone."""

    async def check(self, workspace: WorkspaceId, voice_id: VoiceId) -> None:
        """Whether there is something to delete. Raises: VoiceNotFound, PermissionDenied."""
        if _find_stock(self.stock, voice_id) is not None:
            raise PermissionDenied("Stock voices cannot be deleted.")
        await self.voices.get(workspace, voice_id)

    async def __call__(self, workspace: WorkspaceId, voice_id: VoiceId) -> DeletedFiles:
        """Of one that was checked. Raises: VoiceNotFound."""
        deleted = await self.voices.delete(workspace, voice_id)
        self.forget(workspace, voice_id)
        return deleted


def check_change(change: VoiceChange) -> None:
    """Raises: InvalidRequest for a value that a voice cannot have."""
    if change.display_name is not None and not change.display_name.strip():
        raise InvalidRequest("displayName must not be empty.")
    if change.gender is not None and change.gender not in GENDERS:
        raise InvalidRequest(f"gender must be one of {', '.join(GENDERS[:-1])}, or empty.")
    if change.age_group is not None and change.age_group not in AGE_GROUPS:
        raise InvalidRequest(f"ageGroup must be one of {', '.join(AGE_GROUPS[:-1])}, or empty.")


def _find_stock(stock: Sequence[Voice], voice_id: VoiceId) -> Voice | None:
    return next((voice for voice in stock if voice.voice_id == voice_id), None)


def _parse_order(order_by: str) -> _Order:
    """`display_name asc, create_time desc`. Raises: InvalidRequest."""
    names: list[str] = []
    descending: list[bool] = []
    for term in order_by.split(","):
        words = term.split()
        name = words[0].replace("_", "").lower() if words else ""
        direction = words[1].lower() if len(words) > 1 else "asc"
        if name not in _SORT_KEYS or direction not in ("asc", "desc") or len(words) > 2:
            raise InvalidRequest(
                "orderBy is not valid. Use display_name, voice_id, name, lang_code, source or create_time, each with "
                "asc or desc: orderBy=display_name asc."
            )
        names.append(name)
        descending.append(direction == "desc")
    return _Order(tuple(names), tuple(descending))


def _fingerprint(query: VoiceQuery) -> str:
    """Eight hex digits that tell queries apart: a token serves only the query that it came from (AIP-158)."""
    text = json.dumps([sorted(query.languages), query.filter, query.order_by])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _write_token(fingerprint: str, position: _Position) -> str:
    return base64.urlsafe_b64encode(json.dumps([fingerprint, *position]).encode()).decode().rstrip("=")


def _read_token(token: str, fingerprint: str, num_keys: int) -> _Position:
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        fields = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as exc:
        raise InvalidRequest("pageToken is not one that was given out. Start again without it.") from exc
    is_ours = isinstance(fields, list) and len(fields) == num_keys + 1 and all(isinstance(f, str) for f in fields)
    if not is_ours or fields[0] != fingerprint:
        raise InvalidRequest(
            "pageToken belongs to another query. Repeat languages, filter and orderBy, or leave it out."
        )
    return tuple(fields[1:])
