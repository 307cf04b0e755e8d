"""What a key or a token may do."""

from collections.abc import Iterable
from enum import StrEnum

from myna.domain.errors import InvalidRequest


class Scope(StrEnum):
    SPEAK = "speak"
    """Have a text spoken, or a voice previewed."""
    LISTEN = "listen"
    """Have speech written down."""
    READ_VOICES = "voices:read"
    """List and show voices and languages."""
    WRITE_VOICES = "voices:write"
    """Clone, design, publish, change and delete voices."""
    MAKE_TOKENS = "tokens"
    """Make tokens, which can do no more than the key."""


Scopes = frozenset[Scope]

READ: Scopes = frozenset(Scope) - {Scope.WRITE_VOICES}
WRITE: Scopes = frozenset(Scope)


def parse_scopes(names: Iterable[str]) -> Scopes:
    """Raises: InvalidRequest for a name that is none."""
    try:
        return frozenset(Scope(name) for name in names)
    except ValueError as exc:
        raise InvalidRequest(f"There is a scope that is none. The scopes are {', '.join(Scope)}.") from exc


def join_scopes(scopes: Scopes) -> str:
    """As they are stored and signed: sorted, with spaces between."""
    return " ".join(sorted(scopes))


def split_scopes(joined: str) -> Scopes:
    """Those that this version knows."""
    names = joined.split()
    return frozenset(scope for scope in Scope if scope in names)
