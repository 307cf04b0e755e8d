"""What only English writes so: feet and inches, decades, room numbers, "$5/mo"."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.rules import Rule, any_of, words_before

_INCHES = r"[\"″”]|''"
_FEET = r"['′’]"
_ROOMS = re.compile(
    r"(?:room|suite|flight|apartment|apt\.?|highway|route|interstate|bus|train|building|area|locker)"
    r"\s(?:number\s)?(?:(?-i:[A-Z]{1,2})\s?)?$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\b(?:order|item|account|invoice|part|model|serial|ticket|track|bus|house|patent|reference|ref|case|lot|form)\s$",
    re.IGNORECASE,
)
_ODDS_BEFORE = re.compile(r"\bodds\s(?:(?:of|are|is|were|was|at)\s)?$", re.IGNORECASE)
_ODDS_AFTER = re.compile(r"\s(?:odds|shot|favou?rite|outsider)\b", re.IGNORECASE)
_FLIGHT = re.compile(r"(?<!\w)(?P<airline>[A-Z]{2})(?P<number>\d{3,4})(?!\w)")


_ARTICLE = re.compile(r"\b(?:an?|another|each|every)\s(?:[\w-]+,\s)?$", re.IGNORECASE)
_DETERMINER = re.compile(r"\b(?:the|this|that|its|his|her|our|your|my|their)\s$", re.IGNORECASE)
_NOUN_AFTER = re.compile(
    r"\s(?!(?:of|in|on|at|to|by|for|from|and|or|but|per|that|which|who|when|was|were|are|is|it|we|you|he|she|they|than|as|"
    r"with|without|above|below|under|over|into|out|off|up|down|away|ago|apart|each|more|less|so|if|not|has|had|have|will|"
    r"would|can|could|may|must|I)\b)[a-z]{3}"
)


def is_attributive(match: re.Match[str]) -> bool:
    """Whether an amount says of what kind a thing is: "a $500 deposit", "the 5 km run". It has no plural then."""
    before = words_before(match)
    if _ARTICLE.search(before):
        return True
    return _DETERMINER.search(before) is not None and _NOUN_AFTER.match(match.string[match.end() :]) is not None


class EnglishForms:
    """American and British."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def rules(self) -> Iterator[Rule]:
        before, after = self._language.before, self._language.after
        yield (
            re.compile(rf"{before}(?P<ft>\d{{1,3}}){_FEET}\s?(?P<in>\d{{1,2}}(?:\.\d)?)(?:{_INCHES}|(?![\w'])){after}"),
            self._read_feet,
        )
        yield (
            re.compile(
                rf"{before}(?P<ft>\d{{1,3}})\s?ft\.?,?\s(?P<in>\d{{1,2}}(?:\.\d)?)\s?in(?:\.(?=\s[a-z])|(?!\w))"
            ),
            self._read_feet,
        )
        yield (
            re.compile(rf"{before}(?P<first>\d{{1,4}}){_FEET}\s?[x×]\s?(?P<second>\d{{1,4}}){_FEET}(?!\w)"),
            lambda match: f"{self._language.say(match['first'])} by {self._language.say(match['second'])} feet",
        )
        yield (
            re.compile(rf"{before}(?P<first>\d{{1,4}})(?:{_INCHES})\s?[x×]\s?(?P<second>\d{{1,4}})(?:{_INCHES})(?!\w)"),
            lambda match: f"{self._language.say(match['first'])} by {self._language.say(match['second'])} inches",
        )
        yield (
            re.compile(rf"(?<!\w)\$\.(?P<cents>\d\d){after}"),
            lambda match: f"{self._language.say(str(int(match['cents'])))} cents",
        )
        yield re.compile(rf"{before}(?P<in>\d{{1,3}}(?:\.\d{{1,2}})?)[\"″](?!\w)"), self._read_inches
        yield re.compile(rf"{before}(?P<decade>[12]\d\d0)['’]?s{after}"), self._read_decade
        yield (
            re.compile(rf"(?<!\w)(?:['’]|(?<=the )|(?<=late )|(?<=early )|(?<=mid-))(?P<decade>[2-9]0)['’]?s{after}"),
            self._read_decade,
        )
        yield re.compile(rf"{before}(?P<room>\d{{3,4}}){after}(?!-)"), self._read_room
        yield _FLIGHT, self._read_flight
        yield re.compile(rf"{before}(?P<above>\d{{1,4}})/(?P<below>\d{{1,3}}){after}(?!/)"), self._read_odds
        yield (
            re.compile(rf"(?<![\w.])(?P<letter>[A-Z])\.(?P<number>\d{{2,4}}){after}"),  # H.264
            lambda match: f"{match['letter']} {self._language.say(match['number'])}",
        )
        yield re.compile(r"\bno\.\s?(?P<number>\d{1,9})(?!\w)"), self._read_item_number
        yield (
            re.compile(
                rf"(?<=\d)(?P<magnitude>[kK])?/(?P<per>{any_of(self._language.per_words)})(?:\.(?=\s[a-z])|(?!\w))"
            ),
            lambda match: f"{'thousand ' if match['magnitude'] else ''}per {self._language.per_words[match['per']]}",
        )
        yield (
            re.compile(r"(?<=per )(?P<unit>lb|kg|oz|sq ft|sqft|km|mi|ft|hr|min|sec|GB)(?!\w)\.?"),
            lambda match: self._language.units[match["unit"]]["one"],
        )
        yield (
            re.compile(
                r"(?<=[A-Za-z]\.)(?P<zip>\d{5})(?!\w)|(?<=\b[A-Z]{2} )(?P<plain>\d{5})(?:-(?P<more>\d{4}))?(?!\w)"
            ),
            self._read_zip,
        )

    def _read_feet(self, match: re.Match[str]) -> str:
        feet, inches = int(match["ft"]), match["in"]
        if is_attributive(match):
            return f"{self._language.cardinal(feet)} foot {self._language.say(inches)}"
        return (
            f"{self._language.cardinal(feet)} {'foot' if feet == 1 else 'feet'} "
            f"{self._language.say(inches)} {'inch' if inches == '1' else 'inches'}"
        )

    def _read_item_number(self, match: re.Match[str]) -> str | None:
        """ "order no. 5"; "I said no. 5 people came" has no such number."""
        return f"number {self._language.say(match['number'])}" if _NUMBERED.search(words_before(match)) else None

    def _read_inches(self, match: re.Match[str]) -> str | None:
        if match.string[: match.start()].count('"') % 2 and match[0].endswith('"'):
            return None  # the end of a quotation
        return f"{self._language.say(match['in'])} {'inch' if match['in'] == '1' else 'inches'}"

    def _read_decade(self, match: re.Match[str]) -> str:
        decade = match["decade"]
        spoken = self._language.year(int(decade)) if len(decade) == 4 else self._language.cardinal(int(decade))
        return spoken.removesuffix("y") + "ies" if spoken.endswith("y") else spoken + "s"

    def _read_room(self, match: re.Match[str]) -> str | None:
        return self._say_room(match["room"]) if _ROOMS.search(words_before(match)) else None

    def _read_odds(self, match: re.Match[str]) -> str | None:
        is_bet = _ODDS_BEFORE.search(words_before(match)) or _ODDS_AFTER.match(match.string[match.end() :])
        return f"{self._language.say(match['above'])} to {self._language.say(match['below'])}" if is_bet else None

    def _read_flight(self, match: re.Match[str]) -> str | None:
        if re.search(r"\bflight\s$", words_before(match), re.IGNORECASE) is None:
            return None
        return f"{' '.join(match['airline'])} {self._say_room(match['number'])}"

    def _say_room(self, written: str) -> str:
        if written.endswith("00") or written[0] == "0":
            return self._language.say(written)
        head = self._language.cardinal(int(written[:-2]))
        return f"{head} {self.say_pair(written[-2:])}"

    def say_pair(self, digits: str) -> str:
        if digits[0] == "0":
            return "oh " + self._language.digits(digits[1]) if digits != "00" else "double oh"
        return self._language.cardinal(int(digits))

    def _read_zip(self, match: re.Match[str]) -> str:
        groups = [match["zip"] or match["plain"], *([match["more"]] if match["more"] else [])]
        return ", ".join(self._language.digits(group) for group in groups)
