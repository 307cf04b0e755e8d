"""Chapters and verses in English: "Psalm 23:4" is no time of day."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.rules import Rule, any_of, words_before

_NUMBERED_BOOKS = ("Samuel", "Kings", "Chronicles", "Corinthians", "Thessalonians", "Timothy", "Peter", "John")
_BOOKS = (
    *_NUMBERED_BOOKS,
    *"""
    Genesis Exodus Leviticus Numbers Deuteronomy Joshua Judges Ruth Ezra Nehemiah Esther Job Psalm Psalms Proverbs
    Ecclesiastes Solomon Isaiah Jeremiah Lamentations Ezekiel Daniel Hosea Joel Amos Obadiah Jonah Micah Nahum Habakkuk
    Zephaniah Haggai Zechariah Malachi Matthew Mark Luke Acts Romans Galatians Ephesians Philippians Colossians Titus
    Philemon Hebrews James Jude Revelation Surah Quran Qur'an Koran
    """.split(),
)
_ORDINALS = {"1": "First", "2": "Second", "3": "Third"}


def scripture_rules(language: Language) -> Iterator[Rule]:
    before, after, say = language.before, language.after, language.say
    book_before = re.compile(rf"\b(?:{any_of(_BOOKS)})\s$")

    def read(match: re.Match[str]) -> str | None:
        """ "John three sixteen" as everybody says, but "verse" where "five three" would be hard to follow."""
        if book_before.search(words_before(match)) is None:
            return None
        chapter, first = say(match["chapter"]), say(match["first"])
        if match["last"]:
            return f"{chapter} verses {first} to {say(match['last'])}"
        return f"{chapter} {first}" if int(match["first"]) > 9 else f"{chapter} verse {first}"

    place = rf"{before}(?P<chapter>\d{{1,3}}):(?P<first>\d{{1,3}})(?:\s?[-–—]\s?(?P<last>\d{{1,3}}))?{after}(?!:)"
    yield re.compile(place), read
    numbered = rf"{before}(?P<book>[123])(?=\s(?:{any_of(_NUMBERED_BOOKS)})\s\d)"
    yield re.compile(numbered), lambda match: _ORDINALS[match["book"]]
