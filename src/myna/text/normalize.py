"""Writes out what is written short: numbers, dates, times, money, units, ordinals, abbreviations, addresses, signs.

Finds such stretches in the text and says for each what a person would say; everything else stays as it is. Each result
knows its place in the text. The rules are in the modules beside this one, what languages differ in is in `languages/`.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from myna.domain.language import LangCode
from myna.text.addresses import Addresses
from myna.text.calendar_dates import CalendarDates
from myna.text.clock_times import ClockTimes
from myna.text.languages.language import Language
from myna.text.languages.registry import open_language
from myna.text.letters import CapitalLetters
from myna.text.patterns import Rules, read_table
from myna.text.phone_numbers import PhoneNumbers
from myna.text.quantities import Quantities
from myna.text.roman import RomanNumerals
from myna.text.rules import Reader, Rule, any_of, ends_sentence, read_grammar, words_before
from myna.text.sums import Sums
from myna.text.verses import Verses


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of the text and the words for it; no words for what is not read."""

    start: int
    end: int
    spoken: str


_RUN_DIGITS = 9
"""Digits that no other rule took (beside letters, or endless) are read in pieces of so many."""
_MAX_CARDINAL_IN_WORD = 4
_MARKS = re.compile(r"[*_`~^|\\{}\[\]<>•·■●▪◦#]+|(?<!\S)[-–—]+(?=\s)(?<!\S)")
_JOINT = re.compile(r"(?<=[^\W_])_+(?=[^\W_])")
"""Of names in programs: foo_bar."""
_VARIABLE = re.compile(r"(?<!<)\b(?!(?:I|[uU])\b)\w\s$")
_TYPED_SIGNS = {"<=": "≤", ">=": "≥", "!=": "≠", "==": "=", "+/-": "±", "->": "→", "=>": "→"}
"""What keyboards have no key for."""
_REPEATED_SIGN = re.compile(r"([^\w\s])\1{3,}")
_KEYCAP_PARTS = frozenset({0x200D, 0xFE0E, 0xFE0F, 0x20E3})


class Normalizer(Rules):
    """One language's rules, compiled. Thread-safe."""

    def __init__(self, language: Language) -> None:
        super().__init__(language)
        sums = Sums(language)
        self._symbols = dict(language.symbols)
        self._symbols |= {typed: self._symbols[sign] for typed, sign in _TYPED_SIGNS.items() if sign in self._symbols}
        # the order decides between readings that begin at the same place
        self._rules: list[Rule] = [
            *read_table(language, language.patterns, language),
            *(self._table("said_otherwise") if language.say_as else ()),
            *self._table("net_signs"),
            *Verses(language).rules(),
            *(self._table("compass") if language.compass else ()),
            *sums.rules(),
            *Addresses(language).rules(),
            *CalendarDates(language).rules(),
            *read_table(language, language.own_rules, language),
            *ClockTimes(language).rules(),
            *self._table("number_signs"),
            *PhoneNumbers(language).rules(),
            *Quantities(language, sums).rules(),
            *self._plain_numbers(),
            *RomanNumerals(language).rules(),
            *self._words(),
        ]

    def _read_word(self, match: re.Match[str]) -> str:
        return self._language.say_as[match["word"]]

    def _read_compass(self, match: re.Match[str]) -> str:
        return self._language.compass[match["point"]]

    def _read_entity(self, match: re.Match[str]) -> str:
        sign = html.unescape(match[0])
        return self._language.symbols.get(sign, sign if not sign.isspace() else "")

    def _read_face(self, match: re.Match[str]) -> str | None:
        before, behind = match.string[max(0, match.start() - 3) : match.start()], match.string[match.end() :][:2]
        if _VARIABLE.search(before):
            return None
        is_verb = (
            match[0][0] in "<❤♥" and match[0] != "</3" and re.search(r"\w\s$", before) and re.match(r"\s\w", behind)
        )
        return self._language.heart if is_verb else ""

    def _plain_numbers(self) -> Iterator[Rule]:
        language = self._language
        if language.ordinal_suffixes:
            yield from self._table("ordinals", thousands_sign=re.escape(language.group))
        if language.feminine:
            yield from read_table(language, read_grammar()["counted_nouns"], language)
        yield from read_table(language, language.counting_rules, language)
        yield from read_table(language, read_grammar()["short_years"], language)
        yield from self._table("dotted_versions" if language.decimal == "," else "dotted_shares")
        shares = language.decimal if language.decimal == "." else language.decimal + "."
        yield from self._table("numbers", shares=re.escape(shares))

    def _words(self) -> Iterator[Rule]:
        language = self._language
        if language.abbreviations:
            yield from self._table(
                "abbreviations",
                shorts=any_of(language.abbreviations, is_loose=True),
                abbreviation_end="[A-Za-z]" if language.is_glued else r"[^\W\d]",
            )
        yield from self._table("number_forms")
        yield from CapitalLetters(language).rules()
        yield from self._table("symbols", all_symbols=any_of(self._symbols))

    def find_readings(self, text: str, start: int, end: int) -> Iterator[Reading]:
        """What is to be read otherwise than it is written, in order, within text[start:end].

        Of two readings that begin at one place the rule that stands first wins; readings never overlap.
        """
        upcoming: list[tuple[re.Match[str], Reader] | None] = [None] * len(self._rules)
        searched_to = [start] * len(self._rules)
        is_exhausted = [False] * len(self._rules)
        position = start
        while position < end:
            best: tuple[re.Match[str], Reader] | None = None
            for index, (pattern, reader) in enumerate(self._rules):
                candidate = upcoming[index]
                if not is_exhausted[index] and (candidate is None or candidate[0].start() < position):
                    match = pattern.search(text, max(position, searched_to[index]), end)
                    is_exhausted[index] = match is None
                    upcoming[index] = candidate = (match, reader) if match else None
                if is_exhausted[index] or candidate is None:
                    continue
                if best is None or candidate[0].start() < best[0].start():
                    best = candidate
            if best is None:
                return
            match, reader = best
            spoken = reader(match)
            if spoken is None:
                # not what it looked like: this rule looks further on, the others get their turn
                index = next(i for i, item in enumerate(upcoming) if item is best)
                upcoming[index] = None
                searched_to[index] = match.start() + 1
                continue
            yield Reading(match.start(), match.end(), re.sub(r"\s+", " ", spoken).strip())
            position = max(match.end(), position + 1)

    def find_digits(self, text: str, start: int, end: int) -> Iterator[Reading]:
        """Only runs of digits, as plain numbers: without normalisation they are still not left out."""
        for match in re.compile(rf"\d{{1,{_RUN_DIGITS}}}").finditer(text, start, end):
            yield Reading(match.start(), match.end(), self._read_run(match))

    # --- readers ---------------------------------------------------------------------------------------------------

    def _read_version(self, match: re.Match[str]) -> str | None:
        parts = match["version"].split(".")
        if re.fullmatch(self._language.phone_groups, " ".join(parts)):
            return None
        if self._language.group == "." and len(parts[0]) < 4 and all(len(part) == 3 for part in parts[1:]):
            return None  # millions
        is_host = len(parts) == 4 and all(int(part) < 256 for part in parts)
        word = self._language.url["."] if is_host else self._language.version_point or self._language.url["."]
        dot = f"{self._language.gap}{word}{self._language.gap}"
        say = self._language.say_pairs if is_host else self._say_part
        return dot.join(say(part) for part in parts)

    def _read_share(self, match: re.Match[str]) -> str:
        return self._language.say(f"0.{match['digits']}")

    def _read_signed(self, match: re.Match[str]) -> str:
        return self._language.say_signed(match["sign"], match["number"])

    def _read_number_form(self, match: re.Match[str]) -> str:
        return self._language.say(f"{unicodedata.numeric(match[0]):.0f}")

    def _read_symbol(self, match: re.Match[str]) -> str:
        return f" {self._symbols[match['symbol']]} "

    def _read_greek(self, match: re.Match[str]) -> str:
        """ "α": alpha"""
        return unicodedata.name(match[0]).split()[-1].lower().replace("lamda", "lambda")

    def _say_part(self, digits: str) -> str:
        is_code = len(digits) > 1 and digits[0] == "0"
        return self._language.say_digits(digits) if is_code else self._language.cardinal(int(digits))

    def _read_ordinal(self, match: re.Match[str]) -> str:
        return self._language.suffixed(int(re.sub(r"\D", "", match["number"])), match["suffix"])

    def _read_run(self, match: re.Match[str]) -> str:
        """Digits beside a letter ("B12"), or a piece of an endless run."""
        text = match.string
        is_piece = (
            text[match.end() : match.end() + 1].isdigit() or text[max(0, match.start() - 1) : match.start()].isdigit()
        )
        if is_piece or len(match[0]) > _MAX_CARDINAL_IN_WORD:
            return self._language.say_digits(match[0])
        return self._language.say(match[0])

    def _read_abbreviation(self, match: re.Match[str]) -> str | None:
        short = match["short"].lower()
        rest = match.string[match.end() : match.end() + 40]
        spoken = self._language.abbreviations[short]
        if short in self._language.before_number:
            no_abbreviation = self._language.no_abbreviations.get(short)
            is_word = no_abbreviation and re.search(no_abbreviation, words_before(match), re.IGNORECASE)
            if is_word or re.match(r"\s?(?:[-−+]?\d|[A-Z]{2}\d|[IVXLC]+\b)", rest) is None:
                return None
            several = re.match(rf"\s?(\d+)\s?(?:[-–]|{self._language.symbols.get('&', '&')}\s)\s?(\d+)", rest)
            if several and int(several[1]) < int(several[2]):
                return spoken + self._language.plural_ending.removeprefix(spoken[-1:])
        if short in self._language.behind_names:
            if re.match(r"\s+[A-Z]", rest):
                return spoken
            spoken = self._language.behind_names[short]
        is_final = short in self._language.final_abbreviations and words_before(match).strip() != ""
        return f"{spoken}." if is_final and ends_sentence(match) else spoken


@cache
def open_normalizer(lang: LangCode) -> Normalizer:
    """A language's rules, compiled once."""
    return Normalizer(open_language(lang))


def strip_unspoken(text: str) -> str:
    """Drop what nobody reads aloud: emoji, control and formatting signs, Markdown's marks. White space stays."""
    kept = "".join(sign if not _is_unspoken(sign) else "" for sign in _JOINT.sub(" ", text))
    return _REPEATED_SIGN.sub(r"\1\1\1", _MARKS.sub("", kept))


def _is_unspoken(sign: str) -> bool:
    code = ord(sign)
    if code in _KEYCAP_PARTS:
        return True
    category = unicodedata.category(sign)
    # So: pictures and emoji; Sk: skin tones, bare accents; Cc, Cf, Cs, Co, Cn: control, formatting, surrogates, private
    return category in ("So", "Sk", "Cf", "Cs", "Co", "Cn") or (category == "Cc" and not sign.isspace())
