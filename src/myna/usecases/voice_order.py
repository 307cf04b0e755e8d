"""In which order voices are listed, and which of them are on a page."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from myna.domain.errors import InvalidRequest
from myna.domain.voice import Voice
from myna.usecases.voice_filter import VoiceTest, format_time, is_custom

CREATED = "createtime"
CUSTOM = "iscustom"
_SORT_KEYS: dict[str, Callable[[Voice], str]] = {
    "displayname": lambda voice: voice.display_name.casefold(),
    "voiceid": lambda voice: voice.voice_id,
    "name": lambda voice: voice.name,
    "langcode": lambda voice: voice.lang.value,
    "source": lambda voice: voice.source.value,
    CREATED: format_time,
    CUSTOM: lambda voice: str(int(is_custom(voice))),
}

Position = tuple[str, ...]
"""Where a voice stands in an order: its sort keys, then its id, so that no two voices stand in one place."""


@dataclass(frozen=True, slots=True)
class VoiceOrder:
    names: tuple[str, ...]
    descending: tuple[bool, ...]

    def position(self, voice: Voice) -> Position:
        return (*(_SORT_KEYS[name](voice) for name in self.names), voice.voice_id)

    def check(self, position: Position) -> None:
        """Raises: ValueError for keys that no voice can have, and a database may stumble over."""
        if any("\0" in key for key in position):
            raise ValueError("a NUL character")
        "".join(position).encode()
        for name, key in zip(self.names, position, strict=False):
            if name == CREATED:
                parse_time(key)

    def compare(self, first: Position, second: Position) -> int:
        for one, other, is_descending in zip(first, second, (*self.descending, False), strict=True):
            if one != other:
                return (1 if one > other else -1) * (-1 if is_descending else 1)
        return 0


@dataclass(frozen=True, slots=True)
class VoiceSelection:
    """What of a workspace's voices a page may need."""

    test: VoiceTest
    order: VoiceOrder
    after: Position | None = None
    """Those behind this place; None: from the first one on."""
    limit: int | None = None

    def of(self, voices: Iterable[Voice]) -> "SelectedVoices":
        found = sorted(filter(self.test, voices), key=lambda voice: voice.voice_id)
        for name, is_descending in reversed(list(zip(self.order.names, self.order.descending, strict=True))):
            found.sort(key=_SORT_KEYS[name], reverse=is_descending)
        rest = found
        if (after := self.after) is not None:
            rest = [voice for voice in found if self.order.compare(self.order.position(voice), after) > 0]
        return SelectedVoices(rest[: self.limit], len(found))


@dataclass(frozen=True, slots=True)
class SelectedVoices:
    voices: list[Voice]
    """In order."""
    num_found: int
    """That pass the test, wherever they stand."""


def parse_time(key: str) -> datetime:
    """What `format_time` wrote. Raises: ValueError."""
    return datetime.strptime(key, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def parse_order(order_by: str) -> VoiceOrder:
    """`display_name asc, create_time desc`; of a field that is named again the first counts. Raises: InvalidRequest."""
    is_descending: dict[str, bool] = {}
    for term in order_by.split(","):
        words = term.split()
        name = words[0].replace("_", "").lower() if words else ""
        direction = words[1].lower() if len(words) > 1 else "asc"
        if name not in _SORT_KEYS or direction not in ("asc", "desc") or len(words) > 2:
            raise InvalidRequest(
                "orderBy is not valid. Use display_name, voice_id, name, lang_code, source or create_time, each with "
                "asc or desc: orderBy=display_name asc."
            )
        is_descending.setdefault(name, direction == "desc")
    return VoiceOrder(tuple(is_descending), tuple(is_descending.values()))
