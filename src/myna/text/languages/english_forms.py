"""What only English writes so: feet and inches, decades, room numbers, "$5/mo"."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.rules import Rule, any_of, compile_rules, words_before

_INCHES = r"(?:[\"″”]|'')"
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

_OF_A_KIND = re.compile(
    r"\s(?:film|jack|lens|gun|pistol|rounds?|bullets?|bags?|box|plates?|radius|walk|drive|hike|run|race|dash|sprint|relay|"
    r"hurdles|freestyle|butterfly|backstroke|breaststroke|angles?|turn|limit|zone|cable|screen|monitor|batter(?:y|ies)|"
    r"chargers?|bulbs?|motor|engine|pipe|nail|drill|cube|tank|bottles?|cans?|jar|pool|gap|hole|service|delivery|shift|"
    r"break|session|timer|notice|warranty|bills?|coins?|notes?|stamps?|stools?|charts?|graphs?|codes?|tables?|"
    r"fonts?|typefaces?)\b"
)
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
    if _ARTICLE.search(before) or _OF_A_KIND.match(match.string[match.end() :]):
        return True
    return _DETERMINER.search(before) is not None and _NOUN_AFTER.match(match.string[match.end() :]) is not None


class EnglishForms(Language):
    """American and British."""

    def form_rules(self) -> Iterator[Rule]:
        """In the order in which they are tried."""
        before, after, number = self.before, self.after, r"(?P<number>\d{2,4})"
        feet, inches = r"(?P<ft>\d{1,3})", r"(?P<in>\d{1,2}(?:\.\d)?)"
        first, second = rf"{before}(?P<first>\d{{1,4}})", r"\s?[x×]\s?(?P<second>\d{1,4})"
        whose = "".join(
            rf"|(?<={word} )" for word in ("the", "late", "early", "his", "her", "my", "your", "their", "our")
        )
        late = rf"(?<!\w)(?:['’]|(?<=mid-){whose})"
        dot = r"(?:\.(?=\s[a-z])|(?!\w))"
        plain_zip = r"(?<=\b[A-Z]{2} )(?P<plain>\d{5})(?:-(?P<more>\d{4}))?(?!\w)"
        return iter(
            compile_rules(
                (rf"{before}{feet}{_FEET}\s?{inches}(?:{_INCHES}|(?![\w'])){after}", self._read_feet),
                (rf"{before}{feet}\s?ft\.?,?\s{inches}\s?in{dot}", self._read_feet),
                (rf"{first}{_FEET}{second}{_FEET}(?!\w)", lambda match: f"{self._say_sides(match)} feet"),
                (rf"{first}{_INCHES}{second}{_INCHES}(?!\w)", lambda match: f"{self._say_sides(match)} inches"),
                (rf"(?<!\w)\$\.(?P<cents>\d\d){after}", lambda match: f"{self.cardinal(int(match['cents']))} cents"),
                (rf"{before}(?P<in>\d{{1,3}}(?:\.\d{{1,2}})?)[\"″](?!\w)", self._read_inches),
                (rf"{before}(?P<decade>[12]\d\d0)['’]?s{after}", self._read_decade),
                (rf"{late}(?P<decade>[2-9]0)['’]?s{after}", self._read_decade),
                (rf"{before}(?P<room>\d{{3,4}}){after}(?!-)", self._read_room),
                (r"(?<!\w)(?P<airline>[A-Z]{2})(?P<number>\d{3,4})(?!\w)", self._read_flight),
                (rf"{before}(?P<above>\d{{1,4}})/(?P<below>\d{{1,3}}){after}(?!/)", self._read_odds),
                (rf"(?<![\w.])(?P<letter>[A-Z])\.{number}{after}", self._read_standard),
                (r"\bno\.\s?(?P<number>\d{1,9})(?!\w)", self._read_item_number),
                (rf"(?<=\d)(?P<magnitude>[kK])?/(?P<per>{any_of(self.per_words)}){dot}", self._read_per),
                (
                    r"(?<=per )(?P<unit>lb|kg|oz|sq ft|sqft|km|mi|ft|hr|min|sec|GB)(?!\w)\.?",
                    lambda match: self.units[match["unit"]]["one"],
                ),
                (rf"(?<=[A-Za-z]\.)(?P<zip>\d{{5}})(?!\w)|{plain_zip}", self._read_zip),
            )
        )

    def _say_sides(self, match: re.Match[str]) -> str:
        return f"{self.say(match['first'])} by {self.say(match['second'])}"

    def _read_standard(self, match: re.Match[str]) -> str:
        """H.264"""
        return f"{match['letter']} {self.say_pairs(match['number'])}"

    def _read_per(self, match: re.Match[str]) -> str:
        return f"{'thousand ' if match['magnitude'] else ''}per {self.per_words[match['per']]}"

    def _read_feet(self, match: re.Match[str]) -> str:
        feet, inches = int(match["ft"]), match["in"]
        if is_attributive(match):
            return f"{self.cardinal(feet)} foot {self.say(inches)}"
        return (
            f"{self.cardinal(feet)} {'foot' if feet == 1 else 'feet'} "
            f"{self.say(inches)} {'inch' if inches == '1' else 'inches'}"
        )

    def _read_item_number(self, match: re.Match[str]) -> str | None:
        """ "order no. 5"; "I said no. 5 people came" has no such number."""
        return f"number {self.say(match['number'])}" if _NUMBERED.search(words_before(match)) else None

    def _read_inches(self, match: re.Match[str]) -> str | None:
        if match.string[: match.start()].count('"') % 2 and match[0].endswith('"'):
            return None  # the end of a quotation
        return f"{self.say(match['in'])} {'inch' if match['in'] == '1' else 'inches'}"

    def _read_decade(self, match: re.Match[str]) -> str:
        decade = match["decade"]
        spoken = self.year(int(decade)) if len(decade) == 4 else self.cardinal(int(decade))
        return spoken.removesuffix("y") + "ies" if spoken.endswith("y") else spoken + "s"

    def _read_room(self, match: re.Match[str]) -> str | None:
        return self.say_pairs(match["room"]) if _ROOMS.search(words_before(match)) else None

    def _read_odds(self, match: re.Match[str]) -> str | None:
        is_bet = _ODDS_BEFORE.search(words_before(match)) or _ODDS_AFTER.match(match.string[match.end() :])
        return f"{self.say(match['above'])} to {self.say(match['below'])}" if is_bet else None

    def _read_flight(self, match: re.Match[str]) -> str | None:
        if re.search(r"\bflight\s$", words_before(match), re.IGNORECASE) is None:
            return None
        return f"{' '.join(match['airline'])} {self.say_pairs(match['number'])}"

    def say_pairs(self, digits: str) -> str:
        """See `Language`."""
        if len(digits) < 3:
            return self.say_pair(digits) if len(digits) == 2 else self.say(digits)
        if digits.endswith("00") or digits[0] == "0":
            return self.say(digits)
        if len(digits) > 4:
            return f"{self.say_pair(digits[:2])} {self.say_pairs(digits[2:])}"
        return f"{self.cardinal(int(digits[:-2]))} {self.say_pair(digits[-2:])}"

    def say_pair(self, digits: str) -> str:
        if digits[0] == "0":
            return "oh " + self.digits(digits[1]) if digits != "00" else "double oh"
        return self.cardinal(int(digits))

    def _read_zip(self, match: re.Match[str]) -> str:
        groups = [match["zip"] or match["plain"], *([match["more"]] if match["more"] else [])]
        return ", ".join(self.digits(group) for group in groups)
