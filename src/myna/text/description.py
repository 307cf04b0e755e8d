"""Reads a description of a voice ("a deep, calm elderly British man") into attributes. English, as the API asks."""

import re
from dataclasses import dataclass

from myna.domain.attributes import VoiceAttributes
from myna.domain.language import LangCode

_STRONG = frozenset("very extremely really super incredibly exceptionally remarkably unusually highly".split())
_WEAK = frozenset("slightly somewhat fairly rather little bit mildly moderately relatively quite".split())
_NEGATING = frozenset("not no never without isn't neither nor non hardly".split())
_LINKING = frozenset("a an the too overly any at all of".split())
_USUAL_DEGREE = 0.7
_STRONG_DEGREE = 1.0
_WEAK_DEGREE = 0.4

_FEMALE = frozenset(
    "female woman woman's lady girl mother grandmother granny queen actress aunt sister feminine mum mom she her "
    "witch princess heroine schoolgirl".split()
)
_MALE = frozenset(
    "male man man's gentleman boy father grandfather grandpa king actor uncle brother masculine dad he his him guy "
    "wizard prince hero schoolboy".split()
)
_YOUNG = frozenset(
    "young youthful teenage teenager teen girl boy child childlike kid juvenile adolescent twenties 20s schoolgirl "
    "schoolboy".split()
)
_MIDDLE = frozenset("middle-aged mature adult thirties forties fifties 30s 40s 50s".split())
_ELDERLY = frozenset(
    "old elderly aged senior grandmother grandfather granny grandpa ancient wizened sixties seventies eighties 60s "
    "70s 80s".split()
)

_PITCH = {
    "deep": -1, "low": -1, "low-pitched": -1, "baritone": -0.8, "bass": -1, "booming": -0.8, "gravelly": -0.7,
    "rumbling": -1, "husky": -0.5, "high": 1, "high-pitched": 1, "squeaky": 1.2, "shrill": 1, "soprano": 1,
    "light": 0.4, "tenor": 0.3, "child": 1, "childlike": 1, "girl": 0.4, "boy": 0.6, "alto": -0.4,
}  # fmt: skip
_PACE = {
    "slow": -1, "slowly": -1, "slow-paced": -1, "unhurried": -0.8, "measured": -0.6, "deliberate": -0.7,
    "relaxed": -0.5, "leisurely": -0.8, "drawling": -0.8, "fast": 1, "fast-paced": 1, "quick": 1, "quickly": 1,
    "rapid": 1, "rapidly": 1, "brisk": 0.8, "hurried": 0.9, "snappy": 0.8, "breathless": 0.8,
}  # fmt: skip
_BRIGHTNESS = {
    "warm": -0.6, "dark": -1, "mellow": -0.8, "soft": -0.5, "smooth": -0.4, "rich": -0.5, "velvety": -0.8,
    "muffled": -1, "husky": -0.5, "gravelly": -0.3, "bright": 1, "crisp": 1, "clear": 0.6, "sharp": 0.9,
    "shrill": 1, "nasal": 0.6, "tinny": 1, "brilliant": 0.9, "metallic": 0.8,
}  # fmt: skip
_ENERGY = {
    "calm": -1, "gentle": -0.7, "soothing": -0.9, "monotone": -1, "monotonous": -1, "flat": -1, "serious": -0.5,
    "sombre": -0.7, "somber": -0.7, "quiet": -0.6, "reserved": -0.5, "relaxed": -0.5, "even": -0.5, "tired": -0.7,
    "sad": -0.6, "energetic": 1, "lively": 1, "cheerful": 0.8, "excited": 1, "enthusiastic": 1, "animated": 1,
    "expressive": 0.8, "playful": 0.7, "dynamic": 0.8, "upbeat": 0.8, "happy": 0.6, "dramatic": 0.8,
    "passionate": 0.8, "confident": 0.3,
}  # fmt: skip
_ACCENTS = {
    "british": LangCode.EN_GB, "english-accented": LangCode.EN_GB, "london": LangCode.EN_GB, "scottish": LangCode.EN_GB,
    "american": LangCode.EN_US, "californian": LangCode.EN_US, "texan": LangCode.EN_US,
    "spanish": LangCode.ES_ES, "mexican": LangCode.ES_ES, "french": LangCode.FR_FR, "italian": LangCode.IT_IT,
    "indian": LangCode.HI_IN, "hindi": LangCode.HI_IN, "japanese": LangCode.JA_JP, "brazilian": LangCode.PT_BR,
    "portuguese": LangCode.PT_BR, "chinese": LangCode.ZH_CN, "mandarin": LangCode.ZH_CN,
}  # fmt: skip

_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z]+)*")
_NUMBERED_AGE = re.compile(r"\b(\d{1,3})[ -]?(?:years?|yrs?|year)\b|\bage(?:d)? (\d{1,3})\b")
_NEGATION_REACH = 3
"""Words that a "not" reaches over: "not too deep", "without any energy"."""


@dataclass(frozen=True, slots=True)
class _Mention:
    word: str
    degree: float
    is_negated: bool


def read_description(description: str) -> VoiceAttributes:
    """What a description asks for; what it does not mention stays usual.

    Intensity is heard ("slightly", "very"), negation too ("not deep"). Contradictions average out.
    """
    mentions = list(_find_mentions(description.lower()))
    asserted = {mention.word for mention in mentions if not mention.is_negated}
    return VoiceAttributes(
        gender=_choose(asserted, {"female": _FEMALE, "male": _MALE}),
        age_group=_read_age(description.lower(), asserted),
        pitch=_measure(mentions, _PITCH),
        pace=_measure(mentions, _PACE),
        brightness=_measure(mentions, _BRIGHTNESS),
        energy=_measure(mentions, _ENERGY),
        accent=next((_ACCENTS[m.word] for m in mentions if m.word in _ACCENTS and not m.is_negated), None),
    )


def _find_mentions(description: str) -> list[_Mention]:
    mentions = []
    for clause in re.split(r"[.;:!?,]|\bbut\b|\band\b", description.replace("middle aged", "middle-aged")):
        words = _WORD.findall(clause)
        for index, word in enumerate(words):
            before = words[max(0, index - _NEGATION_REACH) : index]
            degree = _USUAL_DEGREE
            if any(w in _STRONG for w in before[-2:]):
                degree = _STRONG_DEGREE
            elif any(w in _WEAK for w in before[-2:]):
                degree = _WEAK_DEGREE
            reach = [w for w in before if w in _NEGATING]
            between = before[before.index(reach[-1]) + 1 :] if reach else []
            is_negated = bool(reach) and all(w in _LINKING | _STRONG | _WEAK for w in between)
            mentions.append(_Mention(word, degree, is_negated))
    return mentions


def _choose(asserted: set[str], lexicons: dict[str, frozenset[str]]) -> str:
    counts = {name: len(asserted & words) for name, words in lexicons.items()}
    best = max(counts, key=lambda name: counts[name])
    others = [count for name, count in counts.items() if name != best]
    return best if counts[best] > max(others, default=0) else ""


def _read_age(description: str, asserted: set[str]) -> str:
    numbered = _NUMBERED_AGE.search(description)
    if numbered:
        years = int(numbered.group(1) or numbered.group(2))
        return "young" if years < 30 else "middle_aged" if years < 60 else "elderly"
    return _choose(asserted, {"young": _YOUNG, "middle_aged": _MIDDLE, "elderly": _ELDERLY})


def _measure(mentions: list[_Mention], lexicon: dict[str, float]) -> float:
    degrees = [lexicon[m.word] * m.degree * (-0.5 if m.is_negated else 1.0) for m in mentions if m.word in lexicon]
    if not degrees:
        return 0.0
    return max(-1.0, min(1.0, sum(degrees) / len(degrees)))
