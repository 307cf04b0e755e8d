"""What is written how in a language: signs, currencies, units, months, abbreviations. Read from `locales/*.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from myna.domain.language import LangCode


@dataclass(frozen=True, slots=True)
class UrlWords:
    dot: str
    slash: str
    at: str
    dash: str
    underscore: str
    colon: str


@dataclass(frozen=True, slots=True)
class Locale:
    """One language's way of writing, and the words for it."""

    decimal: str
    """Decimal sign of written numbers."""
    group: str
    """What separates thousands."""
    point: str
    """The word for the decimal sign."""
    minus: str
    plus: str
    to: str
    """Between the ends of a range."""
    by: str
    """Between the sides of a size: 3x4."""
    percent: str
    number_sign: str
    """For # and No. before a number."""
    date_order: str
    """Of all-digit dates: "mdy", "dmy" or "ymd"."""
    date: str
    date_without_year: str
    time: str
    time_full: str
    """For a full hour."""
    months: tuple[str, ...]
    """Twelve, as they are written after a day."""
    url: UrlWords
    ordinal_suffixes: tuple[str, ...]
    magnitudes: Mapping[str, str]
    """What may stand between a sum and its currency: "m" -> "million"."""
    currency: Mapping[str, tuple[str, ...]]
    """Sign -> singular, plural, and the two of its hundredth; or the three Slavic plurals."""
    currency_joiner: str
    """Between euros and cents."""
    units: Mapping[str, tuple[str, ...]]
    symbols: Mapping[str, str]
    abbreviations: Mapping[str, str]
    """Lower case, with their dots."""
    time_small_minute: str = ""
    """For minutes under ten; empty for the same as others."""
    first: str = ""
    """The word for the first day of a month, where it is an ordinal."""
    month_names: Mapping[str, int] = field(default_factory=dict)
    """Lower-case spellings; the twelve months unless given."""
    pm: Mapping[str, str] = field(default_factory=dict)
    hour_separators: str = ":"
    time_suffixes: tuple[str, ...] = ()
    """Words after a time that the reading has said already: "10:30 Uhr"."""
    final_abbreviations: tuple[str, ...] = ()
    """Those of `abbreviations` that may end a sentence."""
    date_separators: str = "/.-"
    percent_first: bool = False
    is_spaced: bool = True
    """Words are separated by spaces."""
    letters: tuple[str, ...] = ()
    """Names of a to z, for what is spelled out; empty where the engine spells by itself."""
    acronyms: tuple[str, ...] = ()
    """Short capitals that are spoken as words: ONU."""
    spelled: tuple[str, ...] = ()
    """Longer capitals that could be words and are not."""
    say_as: Mapping[str, str] = field(default_factory=dict)
    """Exact words that are said otherwise."""
    hashtag: str = "hashtag"
    per: str = ""
    """Between an amount and what it is for: "5 €/mois". Empty where it is not said so."""
    weekdays: Mapping[str, str] = field(default_factory=dict)
    """Lower-case abbreviations without their dots."""
    before_number: tuple[str, ...] = ()
    """Those of `abbreviations` that are one only before a number: "p. 5"."""
    hour_word: str = ""
    """Behind a full hour: "9h", "9 Uhr". A regular expression."""
    between: tuple[str, ...] = ()
    """Two words: "between" and the "and" that belongs to it."""
    ratio: str = ""
    """Between the numbers of "16:9"; empty for `to`."""
    power: str = ""
    """Of `{base}` and `{exponent}`."""
    fraction: str = ""
    """Of `{above}` and `{below}`, where `fractions` has no word."""
    fractions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Denominator -> one of them, several; third, if exactly one is said otherwise: "2" -> half, halves, one half."""
    mixed: str = "{whole} {fraction}"
    """Of a whole number and a fraction."""
    and_a_half: str = ""
    phone_words: tuple[str, ...] = ()
    """After these digits are read one by one."""
    code_words: tuple[str, ...] = ()
    """As above, for short codes."""
    kings: tuple[str, ...] = ()
    """Lower-case names that are counted."""
    roman_nouns: tuple[str, ...] = ()
    """Lower-case words after which a Roman numeral is a number: "chapter"."""
    roman_before: tuple[str, ...] = ()
    """Lower-case words before which a Roman numeral is an ordinal: "secolo"."""
    roman_endings: tuple[str, ...] = ()
    """What makes an ordinal of a Roman numeral: "XXIe"."""


@cache
def load_locale(lang: LangCode) -> Locale:
    """Read a language's file once."""
    source = files("myna.text") / "locales" / f"{lang.iso639}.toml"
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    url = UrlWords(**table.pop("url"))
    currency = table.pop("currency")
    joiner = currency.pop("joiner")
    months = tuple(table.pop("months"))
    names = table.pop("month_names", None) or {name.lower(): number for number, name in enumerate(months, 1)}
    units = {unit: tuple(forms) for unit, forms in table.pop("units").items()}
    fractions = {below: tuple(forms) for below, forms in table.pop("fractions", {}).items()}
    # Any: the table's other values, each of its field's own type
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
    return Locale(
        url=url,
        currency={sign: tuple(forms) for sign, forms in currency.items()},
        currency_joiner=joiner,
        months=months,
        month_names=names,
        units=units,
        fractions=fractions,
        **fields,
    )


def choose_form(forms: tuple[str, ...], number: int, lang: LangCode, *, is_whole: bool = True) -> str:
    """The word for so many of something.

    forms: singular and plural, or for Russian and Polish the three of one, two and five.
    Source: Unicode CLDR plural rules.
    """
    if lang in (LangCode.RU_RU, LangCode.PL_PL) and len(forms) == 3:
        if not is_whole:
            return forms[1]
        is_teen = number % 100 in range(11, 20)
        is_one = number == 1 if lang is LangCode.PL_PL else number % 10 == 1 and not is_teen
        if is_one:
            return forms[0]
        return forms[1] if number % 10 in (2, 3, 4) and not is_teen else forms[2]
    is_singular = is_whole and (number == 1 or (number == 0 and lang in (LangCode.FR_FR, LangCode.PT_BR)))
    return forms[0] if is_singular else forms[1]
