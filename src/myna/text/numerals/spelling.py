"""Numbers as words: num2words where it knows the language, our own readings of Chinese, Japanese and Hindi."""

from collections.abc import Callable

from num2words import num2words

from myna.domain.language import LangCode
from myna.text.numerals import chinese, hindi, japanese

_NUM2WORDS_NAMES = {LangCode.PT_BR: "pt_BR"}
_MAX_NUM2WORDS = 10**15 - 1
_YEAR_RANGE = range(1100, 2100)
_HINDI_HUNDREDS = range(1100, 2000)
_OWN: dict[LangCode, tuple[Callable[[int], str], int, tuple[str, ...]]] = {
    LangCode.ZH_CN: (chinese.spell_cardinal, chinese.MAX_CARDINAL, tuple(chinese.DIGITS)),
    LangCode.JA_JP: (japanese.spell_cardinal, japanese.MAX_CARDINAL, japanese.DIGITS),
    LangCode.HI_IN: (hindi.spell_cardinal, hindi.MAX_CARDINAL, hindi.DIGITS),
}


def spell_cardinal(number: int, lang: LangCode) -> str:
    """`21` -> "twenty-one". Numbers of more than about fifteen digits are read digit by digit."""
    if lang in _OWN:
        spell, largest, _ = _OWN[lang]
        return spell(number) if number <= largest else spell_digits(str(number), lang)
    if number > _MAX_NUM2WORDS:
        return spell_digits(str(number), lang)
    return _tidy(num2words(number, lang=_num2words_name(lang)), lang)


def spell_ordinal(number: int, lang: LangCode) -> str:
    """`21` -> "twenty-first"; the cardinal where the language has no simple ordinal."""
    if lang in _OWN:
        spoken = spell_cardinal(number, lang)
        return f"第{spoken}" if lang is LangCode.ZH_CN else spoken
    if number > _MAX_NUM2WORDS:
        return spell_digits(str(number), lang)
    return _tidy(num2words(number, lang=_num2words_name(lang), to="ordinal"), lang)


def spell_year(year: int, lang: LangCode) -> str:
    """`1998` -> "nineteen ninety-eight" in English, German, Hindi; by digits in Chinese; else the cardinal."""
    if lang is LangCode.ZH_CN:
        return spell_digits(str(year), lang)
    if lang is LangCode.HI_IN and year in _HINDI_HUNDREDS:
        hundreds, rest = divmod(year, 100)
        return f"{hindi.spell_cardinal(hundreds)} सौ {hindi.spell_cardinal(rest) if rest else ''}".strip()
    if lang in (LangCode.EN_US, LangCode.EN_GB, LangCode.DE_DE) and year in _YEAR_RANGE:
        return _tidy(num2words(year, lang=lang.iso639, to="year"), lang)
    return spell_cardinal(year, lang)


def spell_digits(digits: str, lang: LangCode) -> str:
    """Digit by digit: `"007"` -> "zero zero seven"."""
    if lang in _OWN:
        joiner = " " if lang is LangCode.HI_IN else ""
        return joiner.join(_OWN[lang][2][int(digit)] for digit in digits)
    return " ".join(_tidy(num2words(int(digit), lang=_num2words_name(lang)), lang) for digit in digits)


def spell_fraction_digits(digits: str, lang: LangCode) -> str:
    """What follows the decimal sign: digit by digit, but as one number where the language reads two digits so."""
    if lang in (LangCode.FR_FR, LangCode.IT_IT, LangCode.ES_ES, LangCode.PT_BR) and len(digits) < 3:
        zeros = len(digits) - len(digits.lstrip("0"))
        rest = digits.lstrip("0")
        words = [spell_cardinal(0, lang)] * zeros + ([spell_cardinal(int(rest), lang)] if rest else [])
        return " ".join(words)
    return spell_digits(digits, lang)


def _num2words_name(lang: LangCode) -> str:
    return _NUM2WORDS_NAMES.get(lang, lang.iso639)


def _tidy(words: str, lang: LangCode) -> str:
    words = words.replace(",", "")
    return words.replace(" and ", " ") if lang is LangCode.EN_US else words
