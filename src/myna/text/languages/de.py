"""German."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.roman import roman_value
from myna.text.rules import Rule, compile_rules, words_before

_DAY = r"(?:\w+tag|Mittwoch|Mo|Di|Mi|Do|Fr|Sa|So)[.,]{1,2}"
_WEAK = re.compile(
    r"\b(?:am|den|dem|des|vom|zum|zur|im|ins|ab|seit|bis|beim|jeden|diesem|dieses|seinem|ihrem|meinem|unserem|nach|vor|"
    rf"(?:am|vom|zum|bis|seit|ab|für) {_DAY}|"
    r"(?:am|vom|zum|bis|seit|ab) [\d. ]+(?:und|oder|bis)|"
    r"(?:in|an|auf|aus|bei|mit|von|zu|seit|nach|vor|hinter|unter|über|neben|zwischen|während|wegen) der)\s+$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\b(?:der|die|das|jede[rs]?|diese[rs]?)\s+$", re.IGNORECASE)
_GENITIVE = re.compile(r"[A-ZÄÖÜ][a-zäöüß]+ der\s+$")
_ENDINGS = {
    "r": "Abend Abschnitt Advent Akt FC Gang Geburtstag Hochzeitstag Platz Preis Rang Satz Spieltag Stock Tag Teil "
    "Versuch Weltkrieg",
    "": "Auflage Ausgabe Bundesliga Etage Folge Generation Halbzeit Kammer Klasse Lesung Liga Mannschaft Minute Person "
    "Reihe Runde Sinfonie Staffel Stufe Stunde Version Woche",
    "s": "Auto Buch Gebot Halbjahr Jahr Jahrhundert Jh Kapitel Kind Lebensjahr Mal Monatsgehalt OG Quartal Semester "
    "Spiel UG Viertel",
}
"""Nouns that an ordinal without an article stands before, by its ending."""
_ENDING_OF = {noun: ending for ending, nouns in _ENDINGS.items() for noun in nouns.split()}
_STRONG = re.compile(
    r"(?:^|[,;:(\n„“»–—-]\s?|\b(?:ein|kein|mein|dein|sein|ihr|unser|euer|als|und|oder|[A-ZÄÖÜ]\w+s)\s)$"
)
_ORDINAL_REST = r"(?:(?:,?\s(?:und\s|oder\s|bis\s(?:zum\s)?)?|/)\d{1,3}\.){0,5}\s"
_DATED = re.compile(r"\b(?:Mo|Di|Mi|Do|Fr|Sa|So|\w+tag|Mittwoch)\b[.,]{0,2}\s$|\bab\s$|\d\.(?:,| und| oder)\s$")
_NUMBERED = re.compile(
    r"(?:§|Art\.|Artikel|Abs\.|Absatz|S\.|Satz|Nr\.|Nummer|Seite|Kapitel|Platz|Gleis|Zimmer|Raum)\s?$"
)
_QUEENS = frozenset({"elisabeth", "katharina", "maria", "viktoria", "christina", "anna", "margarethe", "isabella"})
_BOUND = "jährig|prozentig|fach|mal|tägig|stündig|minütig|wöchig|monatig|köpfig|stellig|teilig|stöckig|sprachig"


class German(Language):
    """See `Language`."""

    def own_rules(self) -> Iterator[Rule]:
        """Ordinals with a full stop, days without a year, streets, "3-mal"."""
        noun = r"(?P<noun>[A-ZÄÖÜ]\w*)"
        streets = {"str": "straße", "pl": "platz", "Str": "Straße", "Pl": "Platz"}
        yield from compile_rules(
            (rf"{self.before}(?P<day>[0-3]?\d)\.(?P<month>[01]?\d)\.(?!\d)", self._read_day),
            (rf"{self.before}(?P<number>\d{{1,3}})\.(?={_ORDINAL_REST}{noun})", self._read_ordinal),
            (rf"{self.before}(?P<number>\d{{1,3}})\.(?=\s[\wÄÖÜ])", self._read_ordinal),
            (
                r"(?:(?<=\()|(?<=\d\., ))(?P<number>\d{1,3})\.(?=[,;)+])",
                lambda match: self.ordinal(int(match["number"])),
            ),
            (
                r"(?<!\w)(?P<roman>[IVX]+)\.(?=\s(?P<noun>Weltkrieg|Jahrhundert|Akt|Kapitel|Senat)\b)",
                self._read_ordinal,
            ),
            (
                r"(?P<name>(?:[A-ZÄÖÜ][a-zäöüß]{0,40}-?){1,5})(?P<kind>[Ss]tr|[Pp]l)\.(?=\s?\d|\s[a-z]|,|$)",
                lambda match: match["name"] + streets[match["kind"]],
            ),
            (
                rf"{self.before}(?P<number>\d{{1,4}})(?:-?|\s?(?P<percent>%))(?P<tail>(?i:ig|{_BOUND})\w*)",
                self._read_bound,
            ),
            (rf"{self.before}(?P<number>\d{{1,3}})[x×](?=\s[a-zäöü]{{2}}|[.,;!?)]|\s*$)", self._read_bound),
        )

    def _read_bound(self, match: re.Match[str]) -> str | None:
        """ "3-mal", "5-jährig", "100%ig", "2x" """
        groups = match.groupdict()
        tail, is_percent = (groups.get("tail") or "mal").lower(), bool(groups.get("percent"))
        if tail.startswith("ig") != is_percent:
            return None
        number = {"1": "ein", "100": "hundert"}.get(match["number"]) or self.cardinal(int(match["number"]))
        return f"{number}{'prozent' if is_percent else ''}{tail}"

    def _read_day(self, match: re.Match[str]) -> str | None:
        """ "am 24.12."; "Version 3.5." is none."""
        before = words_before(match)
        is_dated = any(rule.search(before) for rule in (_WEAK, _ARTICLE, _DATED)) or match["month"][0] == "0"
        return self.say_date(None, int(match["month"]), int(match["day"]), before) if is_dated else None

    def _read_ordinal(self, match: re.Match[str]) -> str | None:
        """ "die 2. Etage", "im 21. Jahrhundert", "1. Klasse"; "es waren 5. Dann" is no ordinal."""
        groups = match.groupdict()
        number = int(groups["number"]) if groups.get("number") else roman_value(match["roman"])
        before = re.sub(r"(?:\d{1,3}\.(?:/|,?\s(?:und\s|oder\s)?))+$", "", words_before(match))
        if _WEAK.search(before) or _GENITIVE.search(before):
            return self.ordinal(number) + "n"
        is_named = _STRONG.search(before) is not None and groups.get("noun") in _ENDING_OF
        ending = "" if _ARTICLE.search(before) else _ENDING_OF[groups["noun"]] if is_named else None
        return None if ending is None else self.ordinal(number) + ending

    def lone_roman(self, value: int, word: str, match: re.Match[str]) -> str | None:
        """See `Language`: "Ludwigs XIV.", but "Faust II"."""
        is_ordinal = match[0].endswith(".") or match.string.startswith(".", match.end())
        return super().lone_roman(value, word, match) if is_ordinal else self.cardinal(value)

    def _read_before_noun(self, match: re.Match[str]) -> str | None:
        """See `Language`: "Art. 1 Abs. 2" counts nothing."""
        return None if _NUMBERED.search(words_before(match)) else super()._read_before_noun(match)

    def say_king(self, value: int, name: str) -> str:
        spoken = super().say_king(value, name)
        if name.lower() in _QUEENS:
            return "die" + spoken.removeprefix("der")
        is_genitive = name.lower() not in self.kings and name.lower().removesuffix("s") in self.kings
        return f"des{spoken.removeprefix('der')}n" if is_genitive else spoken

    def day_ordinal(self, day: int, before: str) -> str:
        if _ARTICLE.search(before):
            return self.ordinal(day)
        return self.ordinal(day) + ("n" if _WEAK.search(before) else "r")

    def suffixed(self, number: int, suffix: str) -> str:
        """ "die 90er Jahre"."""
        return self.say(str(number)) + suffix

    def part(self, number: int) -> str:
        """One of so many equal parts: "Sechzehntel"."""
        return (self.ordinal(number).removesuffix("te") + "tel").removeprefix("ein").capitalize()

    def say_fraction(self, above: int, below: int) -> str:
        if str(below) in self.fractions or not above < below or 100 < below != 1000:
            return super().say_fraction(above, below)
        return f"{self.agree(self.cardinal(above), 'Teil')} {self.part(below)}"

    def agree(self, numeral: str, noun: str) -> str:
        first = noun.split(" ", maxsplit=1)[0]
        if numeral != "eins" or not first[:1].isupper():
            return numeral
        return "eine" if self.is_feminine(first) else "ein"

    def is_postcode(self, match: re.Match[str]) -> bool:
        """They stand before the town."""
        is_alone = re.search(r"(?:,|^|D-)\s?$", words_before(match)) is not None
        is_before_town = re.match(r" [A-ZÄÖÜ][a-zäöü]", match.string[match.end() :]) is not None
        return len(match["code"]) == 5 and is_alone and is_before_town


LANGUAGE = German
