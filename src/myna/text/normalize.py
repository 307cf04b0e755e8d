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
from myna.text.patterns import Patterns
from myna.text.phone_numbers import PhoneNumbers
from myna.text.quantities import Quantities
from myna.text.roman import ROMAN_ITEM, RomanNumerals, roman_value
from myna.text.rules import Reader, Rule, any_of, compile_rules, ends_sentence, words_before
from myna.text.sums import Sums


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
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
_EMOTICON = re.compile(
    r"(?<!\S)(?:[:;=][-'^]?[)(\]\[DPp|/\\]+|:'\(|</?3+|\^_+\^|[xX]D+|T_T|¯\\_\(ツ\)_/¯|[❤♥]\ufe0f?)(?=[\s.,!?]|$)"
)
_VARIABLE = re.compile(r"(?<!<)\b(?!I\b)\w\s$")
_TYPED_SIGNS = {"<=": "≤", ">=": "≥", "!=": "≠", "==": "=", "+/-": "±", "->": "→", "=>": "→"}
"""What keyboards have no key for."""
_REPEATED_SIGN = re.compile(r"([^\w\s])\1{3,}")
_KEYCAP_PARTS = frozenset({0x200D, 0xFE0E, 0xFE0F, 0x20E3})


class Normalizer:
    """One language's rules, compiled. Thread-safe."""

    def __init__(self, language: Language) -> None:
        self._language = language
        sums = Sums(language)
        # the order decides between readings that begin at the same place
        self._rules: list[Rule] = [
            *Patterns(language).rules(),
            *self._net_signs(),
            *sums.rules(),
            *Addresses(language).rules(),
            *CalendarDates(language).rules(),
            *language.own_rules(),
            *ClockTimes(language).rules(),
            *self._number_signs(),
            *PhoneNumbers(language).rules(),
            *Quantities(language, sums).rules(),
            *self._plain_numbers(),
            *RomanNumerals(language).rules(),
            *self._words(),
        ]

    def _net_signs(self) -> Iterator[Rule]:
        """Words that are said otherwise, web entities, and faces made of punctuation."""
        if self._language.say_as:
            letter, words = self._language.letter, any_of(self._language.say_as)
            said = self._language.say_as
            yield (
                re.compile(rf"(?<!{letter})(?P<word>{words})(?:(?<!\w)|(?!{letter}))"),
                lambda match: said[match["word"]],
            )
        yield _ENTITY, self._read_entity
        yield _EMOTICON, self._read_face

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

    def _number_signs(self) -> Iterator[Rule]:
        language, after = self._language, self._language.after
        line = r"(?:(?<=\n)|(?<![\s\S]))[ \t]*"
        comma = language.comma.strip()
        number = r"(?:#|№|(?<!\w)(?:N[oO]\.|[Nn]\.?[°º]))\s?(?P<number>\d{1,9})(?!#)"
        version = rf"(?:{language.before}|(?<=[vV])(?<![A-Za-z][vV]))(?P<version>\d{{1,5}}(?:\.\d{{1,5}}){{2,5}})"
        yield from compile_rules(
            (rf"{version}{after}(?!\.\d)", self._read_version),
            (rf"(?<=[vV])(?<![A-Za-z][vV])(?P<version>\d{{1,5}}\.\d{{1,5}}){after}(?!\.\d)", self._read_version),
            # the number of an item in a list: "1. Open the door" is one, open the door
            (line + r"(?P<item>\d{1,3})(?:[.)]|°\))(?=[ \t]\S)", lambda match: f"{language.say(match['item'])}{comma}"),
            (line + ROMAN_ITEM, lambda match: language.cardinal(roman_value(match["item"]))),
            (line + r">+[ \t]", lambda _: ""),  # a quotation in a mail
            (number + after, lambda match: f"{language.number_sign} {language.say(match['number'])}"),
        )

    def _plain_numbers(self) -> Iterator[Rule]:
        language, before = self._language, self._language.before
        suffixes = any_of(language.ordinal_suffixes)
        if suffixes:
            grouped = rf"\d{{1,3}}(?:{re.escape(language.group)}\d{{3}}){{1,3}}|"
            ordinal = rf"{before}(?P<number>{grouped}\d{{1,6}})(?P<suffix>{suffixes})(?!{language.letter})"
            yield re.compile(ordinal), self._read_ordinal
        yield from language.counting_rules()
        yield re.compile(r"(?<!\w)['’](?P<year>\d\d)(?![\w'’])"), language.say_short_year
        if language.decimal == ",":
            version = rf"{before}(?P<version>\d{{1,4}}\.\d{{1,2}}){language.after}(?!\.\d)"
            yield re.compile(version), self._read_version
        else:
            share = r"(?<![\w.)])\.(?P<digits>\d{1,9})(?!\w)(?!\.\d)"  # ".5"
            yield re.compile(share), lambda match: language.say(f"0.{match['digits']}")
        number = rf"(?<!{language.letter})(?P<sign>[-−])?(?P<number>{language.number})(?!\d)"
        yield re.compile(number), lambda match: language.say_signed(match["sign"], match["number"])
        share = re.escape(language.decimal if language.decimal == "." else language.decimal + ".")
        behind_letter = rf"(?<=[^\W\d_])(?P<run>\d{{1,4}})(?P<point>[{share}])(?P<rest>\d{{1,4}}){language.after}"
        yield re.compile(behind_letter), self._read_decimal_run
        yield re.compile(rf"\d{{1,{_RUN_DIGITS}}}"), self._read_run

    def _words(self) -> Iterator[Rule]:
        if self._language.abbreviations:
            shorts = any_of(self._language.abbreviations, is_loose=True)
            yield re.compile(rf"(?<![\w.])(?P<short>{shorts})(?![^\W\d]|(?<!\.)\d)"), self._read_abbreviation
        yield re.compile("[①-⑳Ⅰ-Ⅻⅰ-ⅻ]"), lambda match: self._language.say(f"{unicodedata.numeric(match[0]):.0f}")
        yield from CapitalLetters(self._language).rules()
        symbols = dict(self._language.symbols)
        symbols |= {typed: symbols[sign] for typed, sign in _TYPED_SIGNS.items() if sign in symbols}
        yield re.compile(rf"(?P<symbol>{any_of(symbols)})"), lambda match: f" {symbols[match['symbol']]} "
        # U+03A2, between Ρ and Σ, is no letter
        yield re.compile("(?<![Α-ωά-ώ])[Α-ΡΣ-Ωα-ω](?![Α-ωά-ώ])"), lambda match: f" {_name_greek(match[0])} "

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

    def _read_decimal_run(self, match: re.Match[str]) -> str:
        """ "PM2.5" """
        language = self._language
        return language.join(language.say(match["run"]), language.point, language.decimals(match["rest"]))

    def _read_abbreviation(self, match: re.Match[str]) -> str | None:
        short = match["short"].lower()
        rest = match.string[match.end() : match.end() + 40]
        spoken = self._language.abbreviations[short]
        if short in self._language.before_number:
            no_abbreviation = self._language.no_abbreviations.get(short)
            is_word = no_abbreviation and re.search(no_abbreviation, words_before(match), re.IGNORECASE)
            if is_word or re.match(r"\s?(?:\d|[IVXLC]+\b)", rest) is None:
                return None
            if re.match(rf"\s?\d+\s?(?:[-–]|{self._language.symbols.get('&', '&')}\s)\s?\d", rest):
                return spoken + self._language.plural_ending.removeprefix(spoken[-1:])
        if short in self._language.behind_names:
            return spoken if re.match(r"\s+[A-Z]", rest) else self._language.behind_names[short]
        is_final = short in self._language.final_abbreviations and words_before(match).strip() != ""
        return f"{spoken}." if is_final and ends_sentence(match) else spoken


def _name_greek(letter: str) -> str:
    """ "α" -> alpha"""
    return unicodedata.name(letter).split()[-1].lower().replace("lamda", "lambda")


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
