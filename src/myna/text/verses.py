"""References to the Bible: "1 Cor. 13:4-7", "Joh 3,16"."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.numerals.roman import roman_value
from myna.text.patterns import Rules
from myna.text.rules import Rule, any_of

_LEAST_CHARS = 3
"""Of a numbered book's short name behind which a chapter stands without a verse."""


class Verses(Rules):
    """One language's rules."""

    def __init__(self, language: Language) -> None:
        super().__init__(language)
        self._books = {short: book for book, shorts in language.books.items() for short in shorts.split()}
        self._numbered = {
            short: [f"{part} {book}" for part in parts.split("|")]
            for parts, books in language.numbered_books.items()
            for book, shorts in books.items()
            for short in shorts.split()
        }

    def rules(self) -> Iterator[Rule]:
        pieces = {"books": any_of(self._books) or "(?!)", "numbered": any_of(self._numbered) or "(?!)"}
        return self._table("verses", **pieces, book_gap=r"\s" if self._language.is_spaced else r"\s?")

    def _read_verse(self, match: re.Match[str]) -> str | None:
        language, part, book, first = self._language, match.groupdict().get("part"), match["book"], match["first"]
        names = [self._books[book]] if part is None else self._numbered[book]
        number = int(part) if part and part.isdigit() else roman_value(part or "I")
        if number > len(names) or (first is None and len(book) < _LEAST_CHARS):
            return None
        spoken = language.say_chapter(names[number - 1], match["chapter"])
        if first is None:
            return spoken
        other = match["last_chapter"]
        spoken += language.say_verses(first, match["half"] or "", None if other else match["last"])
        if other is not None:
            spoken = language.join(spoken, language.to, self._say_place(other, match["last"]))
        more = re.findall(r"([;；、])\s?(\d+)\D(\d+)(?:\D+(\d+))?", match["more"])
        return spoken + "".join(
            f"{sign}{language.gap}{self._say_place(chapter, start, end or None)}" for sign, chapter, start, end in more
        )

    def _say_place(self, chapter: str, first: str, last: str | None = None) -> str:
        """In a book that was named before."""
        return self._language.say_chapter("", chapter).lstrip(", ") + self._language.say_verses(first, "", last)
