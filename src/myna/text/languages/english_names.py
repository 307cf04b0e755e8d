"""Names that English writes short: days without a date, forts, aircraft."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.rules import Rule, any_of, ends_sentence, words_before

_TIMES = r"\s(?:at\s\d|\d|the\s\d|morning|afternoon|evening|night|noon)"
_MODEL = r"A?\d{3}(?:-\d{1,4})?(?!\w|[.,]\d)"


def name_rules(language: Language) -> Iterator[Rule]:
    """In the order in which they are tried."""
    days = language.weekdays
    day = f"(?:{any_of(name.capitalize() for name in days)})"

    def read_days(match: re.Match[str]) -> str | None:
        """ "See you Sat."; "the Sun." is none, nor is "Sat down"."""
        if re.search(r"\bthe\s$", words_before(match), re.IGNORECASE):
            return None
        stop = "." if match[0].endswith(".") and ends_sentence(match) else ""
        spoken = re.sub(rf"({day})\b\.?", lambda short: days[short[1].lower()], match[0])
        return re.sub(r"[/&]", " and ", spoken).replace("thru", "through") + stop

    between = r"(?:,\s|/|,?\s(?:and|&|or|to|through|thru)\s)"
    yield re.compile(rf"(?<![\w.]){day}\.?(?:{between}{day}\b\.?){{1,6}}(?!\w)"), read_days
    yield re.compile(rf"(?<![\w.]){day}(?:\.(?!\w)|(?={_TIMES}))"), read_days
    yield re.compile(r"(?<!\S)[*#](?=[\s.,!?]|$)"), lambda match: _say_key(language, match)
    yield re.compile(r"(?<!\w)Ft\.(?=\s[A-Z])"), lambda _: "Fort"
    yield re.compile(rf"(?:(?<=\bBoeing\s)|(?<=\bAirbus\s)){_MODEL}"), lambda match: _say_model(language, match[0])
    numbered = r"(?<![\w.,-])7[0-8]7(?:-[1-9]\d{0,2}(?![\d-])|(?=\sMax\b))"
    yield re.compile(r"(?<![\w.,-])7[0-8]7s(?!\w)"), lambda match: _say_model(language, match[0][:3]) + "s"
    yield re.compile(numbered), lambda match: _say_model(language, match[0])


def _say_key(language: Language, match: re.Match[str]) -> str | None:
    """ "Press # or *." """
    is_pressed = re.search(r"\b(?:press|hit|push|dial|enter)\b[^.!?]{0,30}$", words_before(match), re.IGNORECASE)
    return language.keys[match[0]] if is_pressed else None


def _say_model(language: Language, written: str) -> str:
    """ "747-400" -> seven forty-seven four hundred."""
    letters, head, *rest = re.findall(r"[A-Z]|\d+", written if written[0].isalpha() else f"A{written}")
    hundred, pair = int(head[0]), int(head[1:])
    small = [*(["oh"] if 0 < pair < 10 else []), language.cardinal(pair)]
    spoken = [language.cardinal(hundred), *small] if pair else [language.cardinal(int(head))]
    return language.join(letters if written[0].isalpha() else "", *spoken, *(language.say(part) for part in rest))
