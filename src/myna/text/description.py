"""Reads a description of a voice ("a deep, calm elderly British man") into attributes. English, as the API asks."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from myna.domain.attributes import VoiceAttributes
from myna.domain.language import LangCode

_USUAL_DEGREE = 0.7
_STRONG_DEGREE = 1.0
_WEAK_DEGREE = 0.4
_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z]+)*")
_NUMBERED_AGE = re.compile(r"\b(\d{1,3})[ -]?(?:years?|yrs?|year)\b|\bage(?:d)? (\d{1,3})\b")
_NEGATION_REACH = 3
"""Words that a "not" reaches over: "not too deep", "without any energy"."""


@dataclass(frozen=True, slots=True)
class _Mention:
    word: str
    degree: float
    is_negated: bool


@cache
def _lexicon() -> Mapping[str, Any]:
    """`description.toml`. Any: words in one string, or tables of words."""
    return tomllib.loads((files(__package__) / "description.toml").read_text(encoding="utf-8"))


def _has(kind: str, word: str) -> bool:
    return word in _lexicon()[kind].split()


def read_description(description: str) -> VoiceAttributes:
    """What a description asks for; what it does not mention stays usual.

    Intensity is heard ("slightly", "very"), negation too ("not deep"). Contradictions average out.
    """
    mentions = list(_find_mentions(description.lower()))
    asserted = {mention.word for mention in mentions if not mention.is_negated}
    accents = _lexicon()["accent"]
    degrees = {name: _measure(mentions, _lexicon()[name]) for name in ("pitch", "pace", "brightness", "energy")}
    return VoiceAttributes(
        gender=_choose(asserted, "gender"),
        age_group=_read_age(description.lower(), asserted),
        accent=next((LangCode[accents[m.word]] for m in mentions if m.word in accents and not m.is_negated), None),
        **degrees,
    )


def _find_mentions(description: str) -> list[_Mention]:
    mentions = []
    for clause in re.split(r"[.;:!?,]|\bbut\b|\band\b", description.replace("middle aged", "middle-aged")):
        words = _WORD.findall(clause)
        for index, word in enumerate(words):
            before = words[max(0, index - _NEGATION_REACH) : index]
            degree = _USUAL_DEGREE
            if any(_has("strong", w) for w in before[-2:]):
                degree = _STRONG_DEGREE
            elif any(_has("weak", w) for w in before[-2:]):
                degree = _WEAK_DEGREE
            reach = [w for w in before if _has("negating", w)]
            between = before[before.index(reach[-1]) + 1 :] if reach else []
            is_soft = all(any(_has(kind, w) for kind in ("linking", "strong", "weak")) for w in between)
            mentions.append(_Mention(word, degree, bool(reach) and is_soft))
    return mentions


def _choose(asserted: set[str], kind: str) -> str:
    counts = {name: len(asserted.intersection(words.split())) for name, words in _lexicon()[kind].items()}
    best = max(counts, key=lambda name: counts[name])
    others = [count for name, count in counts.items() if name != best]
    return best if counts[best] > max(others, default=0) else ""


def _read_age(description: str, asserted: set[str]) -> str:
    numbered = _NUMBERED_AGE.search(description)
    if numbered:
        years = int(numbered.group(1) or numbered.group(2))
        return "young" if years < 30 else "middle_aged" if years < 60 else "elderly"
    return _choose(asserted, "age_group")


def _measure(mentions: list[_Mention], lexicon: Mapping[str, float]) -> float:
    degrees = [lexicon[m.word] * m.degree * (-0.5 if m.is_negated else 1.0) for m in mentions if m.word in lexicon]
    if not degrees:
        return 0.0
    return max(-1.0, min(1.0, sum(degrees) / len(degrees)))
