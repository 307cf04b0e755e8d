"""Pronunciation dictionaries and their limits, which are the original's (wire-contract.md#pronunciations)."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from myna.domain.errors import InvalidRequest
from myna.domain.language import LangCode, parse_lang_code
from myna.domain.voice import WorkspaceId

MAX_DICTIONARIES_AT_ONCE = 3
_MAX_ENTRIES = 1000
_MAX_BYTES = 512 * 1024
_MAX_NAME_CHARS, _MAX_WORD_CHARS = 64, 128
_MAX_PHONES, _MAX_PHONE_CHARS = 64, 16

MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"
"""What stands on, under or beside a letter and belongs to it, though it is no letter: accents, vowel signs."""
WORD = re.compile(rf"[^\W_][\w{MARKS}]*(?:['’-][\w{MARKS}]+)*")
"""Apostrophes and hyphens inside a word belong to it."""
_CANONICAL_CODE = re.compile(r"[a-z]{2,3}-(?:[A-Z]{2}|\d{3})")

_LETTER = "[a-zɐ-ʯæðŋœøħβθχⱱ]"
_MODIFIER = "[\u0300-\u035b\u035d-\u0360\u0362-\u036fʰ-ˇːˑ˒-˿ⁿᵝ↑↓→↗↘]"
_TIE = "[\u035c\u0361]"
_PAIR = "t[sʃɕʂθ]|d[zʒʑʐð]|pf|kx"
_PHONE = re.compile(f"[ˈˌ]|(?:{_PAIR}|{_LETTER}{_MODIFIER}*{_TIE}{_LETTER}|{_LETTER}){_MODIFIER}*")
"""One sound of the International Phonetic Alphabet, decomposed, or a stress mark."""
_ALIASES = str.maketrans({"g": "ɡ", ":": "ː", "'": "ˈ", "’": "ˈ"})


@dataclass(frozen=True, slots=True)
class PronunciationEntry:
    """One word of one language."""

    headword: str
    lang_code: str
    """BCP-47 as it was given: `en-US`."""
    phones: tuple[str, ...]
    """IPA, one sound or stress mark each."""

    @property
    def lang(self) -> LangCode:
        return parse_lang_code(self.lang_code) or LangCode.EN_US

    @property
    def ipa(self) -> str:
        return "".join(self.phones)


@dataclass(frozen=True, slots=True)
class PronunciationDictionary:
    workspace: WorkspaceId
    dictionary_id: str
    """A UUID that sorts by the time at which it was made."""
    display_name: str
    entries: tuple[PronunciationEntry, ...]
    etag: str
    """Another after every change."""
    created_at: datetime
    updated_at: datetime


def fold_word(word: str) -> str:
    """The form in which words are compared."""
    return unicodedata.normalize("NFC", word).casefold().replace("’", "'")


def words_of(dictionaries: Sequence[PronunciationDictionary], lang: LangCode) -> Mapping[str, str]:
    """Folded word -> IPA of all that they say of a language; of two for one word the first counts."""
    words: dict[str, str] = {}
    for dictionary in dictionaries:
        for entry in dictionary.entries:
            if entry.lang is lang:
                words.setdefault(fold_word(entry.headword), entry.ipa)
    return words


def check_display_name(name: str) -> str:
    """Raises: InvalidRequest."""
    if not name.strip() or len(name) > _MAX_NAME_CHARS or not name.isprintable():
        raise InvalidRequest(
            f"pronunciation_dictionary.display_name must have 1 to {_MAX_NAME_CHARS} printable characters."
        )
    return name


def check_entries(entries: Sequence[PronunciationEntry]) -> tuple[PronunciationEntry, ...]:
    """The entries in canonical spelling. Raises: InvalidRequest naming the first that is wrong, never its word."""
    if len(entries) > _MAX_ENTRIES:
        raise _invalid("", f"must have at most {_MAX_ENTRIES} entries")
    places: dict[tuple[LangCode, str], int] = {}
    checked = []
    for number, entry in enumerate(entries):
        checked.append(_check_entry(entry, f"[{number}]"))
        first = places.setdefault((entry.lang, fold_word(entry.headword)), number)
        if first != number:
            raise _invalid(f"[{number}].display_headword", f"is the same word as that of entry {first}")
    if (
        len(json.dumps([(e.headword, e.lang_code, e.phones) for e in checked], ensure_ascii=False).encode())
        > _MAX_BYTES
    ):
        raise _invalid("", f"must take at most {_MAX_BYTES // 1024} KiB")
    return tuple(checked)


def _check_entry(entry: PronunciationEntry, place: str) -> PronunciationEntry:
    headword = unicodedata.normalize("NFC", entry.headword)
    is_word = WORD.fullmatch(headword) is not None and any(sign.isalpha() for sign in headword)
    if len(headword) > _MAX_WORD_CHARS or not is_word:
        raise _invalid(f"{place}.display_headword", f"must be one word of at most {_MAX_WORD_CHARS} characters")
    if _CANONICAL_CODE.fullmatch(entry.lang_code) is None:
        raise _invalid(f"{place}.language_code", "must be a BCP-47 code with its region, such as en-US")
    parse_lang_code(entry.lang_code, f"pronunciation_dictionary.pronunciations{place}.language_code")
    if not 1 <= len(entry.phones) <= _MAX_PHONES:
        raise _invalid(f"{place}.phone_symbols", f"must have 1 to {_MAX_PHONES} phones")
    phones = []
    for index, phone in enumerate(entry.phones):
        plain = unicodedata.normalize("NFD", phone[: _MAX_PHONE_CHARS + 1]).translate(_ALIASES)
        if len(phone) > _MAX_PHONE_CHARS or _PHONE.fullmatch(plain) is None:
            raise _invalid(f"{place}.phone_symbols[{index}]", "must be one IPA phone or stress mark, without slashes")
        phones.append(unicodedata.normalize("NFC", plain))
    if all(phone in "ˈˌ" for phone in phones):
        raise _invalid(f"{place}.phone_symbols", "must have a phone beside the stress marks")
    return PronunciationEntry(headword, entry.lang_code, tuple(phones))


def _invalid(place: str, rule: str) -> InvalidRequest:
    return InvalidRequest(f"pronunciation_dictionary.pronunciations{place} {rule}.")
