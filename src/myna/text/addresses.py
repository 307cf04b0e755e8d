"""Addresses of pages, mailboxes, files and people: spoken sign by sign, as one dictates them."""

import re
from collections.abc import Iterator

from myna.text.languages.language import Language
from myna.text.letters import has_vowel, spell_letters
from myna.text.rules import Rule

_TLDS = "|".join(
    """
    gg xyz fm cc biz tech site online store shop blog cloud world ie nz za se dk fi gr tr sg hk th
    vn com org net io ai dev edu gov app info co es fr it br pt de at ch in jp cn uk us eu ca mx ar
    nl pl ru kr tv me
    """.split()
)
_ADDRESS = re.compile(
    r"(?:(?:https?|s?ftp|wss?)://|(?<![A-Za-z0-9])www\.)[^\s<>\"'\u3000-\u9fff]{2,300}[^\s<>\"'.,;:!?)\]\u0900-\u097f\u3000-\u9fff\uff00-\uffef]"
    r"|(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}:\d{2,5}(?:/[\w./-]{0,200}\w)?(?!\w)"
    r"|(?<![A-Za-z0-9_@.])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}"
    rf"|(?<![A-Za-z0-9_@.])(?:[a-z0-9-]{{1,63}}\.){{1,4}}(?:{_TLDS}|(?:ly|be|to|so|gl|gd|co|id)(?=/))(?::\d{{2,5}})?(?:/[A-Za-z0-9_./#?=&%-]{{0,200}}[A-Za-z0-9_/])?(?![A-Za-z0-9_@])",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(
    r"(?<![\w/@.-])[A-Za-z0-9][\w-]{0,60}(?:\.[\w-]{1,20})?\.(?:pdf|docx?|xlsx?|pptx?|txt|csv|json|ya?ml|xml|html?|css|md|jsx?|tsx?|py|"
    r"java|cpp|rb|sh|exe|zip|gz|tar|rar|dll|ini|cfg|log|sql|png|jpe?g|gif|svg|webp|mp[34]|wav|flac|ogg|mov|avi|mkv|toml|rs|ipynb)"
    r"(?![\w/]|\.\w|\()"
)
_FILE = re.compile(r"(?<![\w/.:<])(?:~|\.{1,2})?(?:/[A-Za-z0-9_.+-]{0,63}[A-Za-z0-9_+]){2,12}/?(?![\w/>])")
_WINDOWS_FILE = re.compile(r"(?<!\w)[A-Za-z]:(?:\\[A-Za-z0-9_.+-]{0,63}[A-Za-z0-9_+]){1,12}\\?(?!\w)")
_PERSON = re.compile(r"(?<![\w@.])@(?P<name>[A-Za-z0-9_.]{1,30}[A-Za-z0-9_])")
_TOPIC = re.compile(r"(?<![\w#&])#(?P<topic>[^\W\d][^\s#.,;:!?()\[\]\"'।。、，！？]{1,60})")
_SPOKEN_TLDS = frozenset({"com", "org", "net", "dev", "app", "gov", "co", "info", "edu"})
_HUMP = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][^\W\d_A-ZÀ-Þ])|_+|(?<=[^\W\d_])(?=\d)")
_MAX_SMALL_DIGITS = 2


class Addresses:
    """One language's rules."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._names = {"\\": language.url["/"], "+": language.plus, **language.url}

    def rules(self) -> Iterator[Rule]:
        yield _ADDRESS, lambda match: self._read(re.sub(r"^\w+://", "", match[0], flags=re.IGNORECASE).rstrip("/"))
        yield _FILE_NAME, lambda match: self._read(match[0])
        yield _FILE, lambda match: self._read(match[0])
        yield _WINDOWS_FILE, lambda match: self._read(match[0])
        yield _PERSON, lambda match: self._read(match[0])
        yield _TOPIC, self._read_topic

    def _read(self, address: str) -> str:
        spoken = []
        parts = re.findall(r"[^\W\d_]+|\d+|\S", address)
        host_end = next((index for index, part in enumerate(parts) if part == "/"), len(parts))
        for index, part in enumerate(parts):
            if part.isdigit():
                spoken.append(self._say_number(part))
            elif part in self._names:
                spoken.append(self._names[part])
            elif part.isalpha():
                is_country = index == host_end - 1 and index > 0 and parts[index - 1] == "."
                spoken.append(self._say_name(part, is_country=is_country))
        return " ".join(spoken)

    def _read_topic(self, match: re.Match[str]) -> str:
        words = _HUMP.sub(" ", match["topic"])
        spoken = re.sub(r"\d+", lambda digits: f" {self._language.say(digits[0])} ", words)
        return f"{self._language.hashtag} {spoken}"

    def _say_number(self, part: str) -> str:
        if len(part) <= _MAX_SMALL_DIGITS and part[0] != "0":
            return self._language.cardinal(int(part))
        return self._language.say_digits(part)

    def _say_name(self, part: str, *, is_country: bool) -> str:
        lower = part.lower()
        is_short = (len(part) <= 3 or lower in ("html", "xlsx")) and lower not in _SPOKEN_TLDS
        is_spelled_country = is_country and len(part) == 2 and self._language.spells_countries
        if lower == "www" or (is_short and (not has_vowel(lower) or is_spelled_country)):
            return spell_letters(part.upper(), self._language)
        return part
