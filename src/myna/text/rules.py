"""What every rule is built with: a pattern, and what is said for a match of it."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Reader = Callable[[re.Match[str]], str | None]
"""Words for a match; None if it is not what it looked like."""
Rule = tuple[re.Pattern[str], Reader]


@cache
def read_grammar() -> Mapping[str, Mapping[str, Any]]:
    """`grammar.toml`: tables of rules (`patterns.py`), and one of pieces. Any: a string, or a table of two."""
    return tomllib.loads((files(__package__) / "grammar.toml").read_text(encoding="utf-8"))


def any_of(words: Iterable[object], *, is_loose: bool = False) -> str:
    """An alternation, longest first. is_loose: first letters of either case."""
    patterns = []
    for word in sorted((str(word) for word in words), key=len, reverse=True):
        # "Dr.", "DR."; but BD is no boulevard
        loose = word if "." in word else word[:1]
        if is_loose:
            either = (f"[{c}{c.upper()}]" if c.isalpha() and c != c.upper() else re.escape(c) for c in loose)
            patterns.append("".join(either) + re.escape(word[len(loose) :]))
        else:
            patterns.append(re.escape(word))
    return "|".join(patterns)


def words_before(match: re.Match[str], max_chars: int = 40) -> str:
    """What stands before a match on its line."""
    return match.string[max(0, match.start() - max_chars) : match.start()].rpartition("\n")[2]


def ends_sentence(match: re.Match[str]) -> bool:
    """Whether the text ends here or goes on with a capital: then the dot of the abbreviation is a full stop, too."""
    return re.match(r"\s*$|\s+[\"'“«]?[A-ZÀ-ÞА-Я]", match.string[match.end() : match.end() + 40]) is not None
