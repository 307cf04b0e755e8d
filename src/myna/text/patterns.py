"""Rules out of tables: a pattern, and what is said for what it finds or which method says it.

The tables are in `grammar.toml` and in the languages' files. Patterns name their pieces in braces (`Language.fill`).
What is said is text with the pattern's groups in braces: "Porsche 911" is `'Porsche (?P<p>\\d{3})' = "Porsche {p}"`.
A group's first letter tells how it is said: n number, k whole number, d digits one by one, c code, f what follows a
decimal sign, p pairs ("four oh one"), o ordinal, r Roman numeral, s that as an ordinal, l letters, a their names, m
month, y year of a date, w as written. Also in braces: words of the language, as `{to}`, and `{star}` and `{hash}` of a
telephone. "@day" is said by the method `_read_day`, "@year p году" by `_read_year` that gets
the words behind it, too. A rule may ask for something before it on its line:
`{ behind = 'flight\\s$', said = "{p}" }`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import partial

from myna.text.languages.language import Language
from myna.text.languages.words import Said
from myna.text.numerals.roman import roman_value
from myna.text.rules import Reader, Rule, read_grammar, words_before


class Rules:
    """Those of one kind in one language: tables of `grammar.toml` and the methods that they name."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def _table(self, name: str, **pieces: str) -> Iterator[Rule]:
        return read_table(self._language, read_grammar()[name], self, **pieces)


def read_table(language: Language, table: Mapping[str, Said], readers: object, **pieces: str) -> Iterator[Rule]:
    """In the order of the table. readers: has the methods. pieces: of patterns, that only the caller knows."""
    kinds: dict[str, Callable[[str], str]] = {
        "n": language.say,
        "k": lambda written: language.cardinal(int(written)),
        "d": language.digits,
        "c": language.say_code,
        "f": language.decimals,
        "p": language.say_pairs,
        "o": lambda written: language.ordinal(int(written)),
        "r": lambda written: language.say(str(roman_value(written.upper()))),
        "s": lambda written: language.ordinal(roman_value(written)),
        "l": " ".join,
        "a": language.spell,
        "m": language.name_month,
        "y": lambda written: language.date_year(int(written)),
        "w": str,
    }
    # not `vars`, to which another thread adds what it has found out
    known = {piece.name: getattr(language, piece.name) for piece in fields(language)}
    words = {name: word for name, word in known.items() if isinstance(word, str)}
    words |= {"star": language.keys.get("*", ""), "hash": language.keys.get("#", ""), "gap": language.gap}

    def say(said: str, match: re.Match[str]) -> str:
        groups = {name: kinds[name[0]](written) if written else "" for name, written in match.groupdict().items()}
        return said.format_map(words | groups)

    def find_reader(said: str) -> Reader:
        if not said.startswith("@"):
            return partial(say, said)
        name, *given = said[1:].split()
        method = getattr(readers, f"_read_{name}")
        return lambda match: method(match, *given)

    for pattern, said in table.items():
        reader = find_reader(said if isinstance(said, str) else said["said"])
        if not isinstance(said, str):
            reader = partial(_read_behind, re.compile(language.fill(said["behind"])), reader)
        yield re.compile(language.fill(pattern, **pieces)), reader


def _read_behind(before: re.Pattern[str], reader: Reader, match: re.Match[str]) -> str | None:
    return reader(match) if before.search(words_before(match)) else None
