"""What the Unicode CLDR knows of a language: months, weekdays, currencies, units, and their plurals. By Babel."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from typing import Any, Literal

from babel import Locale
from babel.dates import get_day_names, get_month_names
from babel.numbers import format_decimal, get_currency_name
from babel.units import format_unit

from myna.text.languages.words import Forms

_SAMPLES = (1.5, 1_000_000, 100, 11, 5, 3, 2, 1, 0)
"""Among them each language has one for every category of number; the last of a category counts."""


@cache
def _signs() -> Mapping[str, Any]:
    """`cldr.toml`. Any: a table, and one string."""
    return tomllib.loads((files(__package__) / "cldr.toml").read_text(encoding="utf-8"))


def months(locale: Locale) -> tuple[str, ...]:
    """Twelve, as they stand after a day."""
    return tuple(get_month_names("wide", "format", locale).values())


def month_names(locale: Locale, width: Literal["wide", "abbreviated"]) -> dict[str, int]:
    """Lower-case names without dots, alone and after a day -> 1 to 12."""
    contexts = (get_month_names(width, "stand-alone", locale), get_month_names(width, "format", locale))
    return {name.lower().rstrip("."): number for names in contexts for number, name in names.items()}


def weekdays(locale: Locale) -> dict[str, str]:
    """Lower-case abbreviations without their dots -> the days."""
    days = get_day_names("wide", "format", locale)
    short = {
        name.lower().rstrip("."): days[day] for day, name in get_day_names("abbreviated", "format", locale).items()
    }
    return {name: day for name, day in short.items() if len(name) > 1 and name != day}


def units(locale: Locale, more_signs: Mapping[str, Sequence[str]]) -> dict[str, tuple[list[str], Forms]]:
    """The CLDR's name, such as "length-mile", to what is written for it and the words. more_signs: by such names.

    Units whose words stand around the number, as in Japanese 時速40キロ, have none.
    """
    signs: Mapping[str, list[str]] = _signs()["units"]
    return {
        name: ([*signs.get(name, ()), *more_signs.get(name, ())], _by_number(partial(_unit, name, locale), locale))
        for name in [*signs, *more_signs]
    }


def currencies(locale: Locale) -> dict[str, tuple[list[str], Forms]]:
    """The currency's code to what is written for it and the words."""
    signs: Mapping[str, list[str]] = _signs()["currencies"]
    codes = str(_signs()["codes"]).split()
    return {
        code: (
            [*signs.get(code, ()), *([code] if code in codes else ())],
            _by_number(partial(_currency, code, locale), locale),
        )
        for code in [*signs, *codes]
    }


def _by_number(say: Callable[[float], str], locale: Locale) -> Forms:
    forms = {str(locale.plural_form(number)): say(number) for number in _SAMPLES}
    return {"one": forms["other"], **forms}


def _currency(code: str, locale: Locale, number: float) -> str:
    return get_currency_name(code, count=number, locale=locale)


def _unit(name: str, locale: Locale, number: float) -> str:
    """The words behind a number; empty if there are some before it."""
    written, spoken = format_decimal(number, locale=locale), format_unit(number, name, locale=locale)
    # some languages have a word of its own for one or two of them, without a number
    return spoken.removeprefix(written).strip() if spoken.startswith(written) or written not in spoken else ""
