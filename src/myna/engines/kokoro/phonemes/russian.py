"""Russian: sounds by rule, the place of the stress from a lexicon.

The model has never heard Russian: what its symbols lack is written with the nearest (ʐ as ʒ, ɫ as l).
Source of the rules: Avanesov, Russkoe literaturnoe proiznošenie (1984), chapters 2 and 3.
"""

import re
from collections.abc import Sequence

from myna.engines.kokoro.phonemes.russian_stress import RussianStress
from myna.engines.kokoro.phonemes.spaced import Word

_VOWELS = "аеёиоуыэюя"
_CONSONANTS = {
    "б": "b", "в": "v", "г": "ɡ", "д": "d", "ж": "ʒ", "з": "z", "й": "j", "к": "k", "л": "l", "м": "m", "н": "n",
    "п": "p", "р": "r", "с": "s", "т": "t", "ф": "f", "х": "x", "ц": "ʦ", "ч": "ʨ", "ш": "ʃ", "щ": "ɕ",
}  # fmt: skip
_ALWAYS_HARD, _ALWAYS_SOFT = "жшц", "чщй"
_SOFTENING = "еёиюяь"
_SOFT_SPELLINGS = {"n": "ɲ", "r": "ɾʲ"}
"""Others take the sign ʲ."""
_IOTATED = {"е": "э", "ё": "о", "ю": "у", "я": "а"}
_PLAIN = {"а": "a", "о": "o", "у": "u", "э": "ɛ", "ы": "ɨ", "и": "i"}
_VOICELESS_OF = {"б": "п", "в": "ф", "г": "к", "д": "т", "ж": "ш", "з": "с"}
_VOICED_OF = {"п": "б", "к": "г", "т": "д", "ш": "ж", "с": "з"}
_VOICED, _VOICELESS = "бгджз", "пфктшсхцчщ"
"""Those that make their left neighbours alike; в does not."""
_RESPELLINGS = tuple(
    (re.compile(pattern), spelling)
    for pattern, spelling in (
        (r"(?<!^мн)(?<!^немн)(?<!^стр)(?<!^дор)(?<!^недор)ого$", "ово"),
        (r"его$", "ево"),
        (r"^(сегодня|итого)", lambda match: match[1].replace("г", "в")),
        (r"^что", "што"),
        (r"^(коне|ску|наро|яи)чн", r"\1шн"),
        (r"тьс[яа]$|тс[яа]$", "цца"),
        (r"[сз]ч", "щ"),
        (r"стн", "сн"),
        (r"здн", "зн"),
        (r"лнц", "нц"),
        (r"вств", "ств"),
        (r"гк", "хк"),
        (r"([бвгджзклмнпрстфхцчшщ])\1", r"\1"),
    )
)
_UNSTRESSED = frozenset(
    "и а но да же ли бы не ни в с к о у на по за из от до об во со ко под над при про без для что как то я ты мы вы он "
    "она они его её их мне мой".split()
)
_CLITICS = frozenset("в с к".split())


class RussianPronunciation:
    """Implements `Pronunciation`."""

    def __init__(self) -> None:
        self._stress = RussianStress()

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        """See `Pronunciation`."""
        spoken = []
        for index, word in enumerate(words):
            leans_on = words[index + 1].text if word.text in _CLITICS and not word.is_last else ""
            if word.text in _UNSTRESSED:
                spoken.append(pronounce_word(word.text, None, leans_on))
            else:
                spoken.append(pronounce_word(*self._stress.find(word.text.replace("\u0301", ""))))
        return spoken


def pronounce_word(word: str, stress: int | None, follower: str = "") -> str:
    """One word, in lower case.

    stress: which of its vowels is stressed, from 0; None for a word without stress. follower: the word that it leans
    on, for prepositions of one consonant.
    """
    letters = _settle_voices(_respell(word), follower)
    places = [index for index, letter in enumerate(letters) if letter in _VOWELS]
    stressed = places[min(stress, len(places) - 1)] if stress is not None and places else -1
    sounds = []
    for index, letter in enumerate(letters):
        if letter in _VOWELS:
            num_after = sum(place > index for place in places if place <= stressed)
            is_open = num_after == 1 or index == 0
            sounds.append(_say_vowel(letters, index, is_stressed=index == stressed, is_open=is_open))
        elif letter in _CONSONANTS:
            sounds.append(_say_consonant(letters, index))
    return "".join(sounds)


def _respell(word: str) -> str:
    for pattern, spelling in _RESPELLINGS:
        word = pattern.sub(spelling, word)
    return word


def _settle_voices(word: str, follower: str) -> str:
    """Consonants side by side are voiced or voiceless as the last is; at the end of a word voiceless."""
    settled = list(word)
    following = follower[:1] or " "
    for index in range(len(settled) - 1, -1, -1):
        letter = settled[index]
        if letter in "ьъ":
            continue
        if following in _VOICED:
            settled[index] = _VOICED_OF.get(letter, letter)
        elif following in _VOICELESS or following == " ":
            settled[index] = _VOICELESS_OF.get(letter, letter)
        following = settled[index]
    return "".join(settled)


def _say_consonant(letters: str, index: int) -> str:
    letter = letters[index]
    sound = _CONSONANTS[letter]
    is_soft = letters[index + 1 : index + 2] in tuple(_SOFTENING)
    if letter in _ALWAYS_HARD + _ALWAYS_SOFT or not is_soft:
        return sound
    return _SOFT_SPELLINGS.get(sound, sound + "ʲ")


def _say_vowel(letters: str, index: int, *, is_stressed: bool, is_open: bool) -> str:
    """is_open: right before the stress or at the beginning, where а and о are clear."""
    letter, before = letters[index], letters[index - 1 : index]
    is_iotated = letter in _IOTATED and (before == "" or before in tuple(_VOWELS + "ьъ"))
    onset = "j" if is_iotated or (letter in "ио" and before == "ь") else ""
    is_behind_hard = before != "" and before in _ALWAYS_HARD
    plain = _IOTATED.get(letter, letter)
    if letter == "и" and is_behind_hard:
        plain = "ы"
    if is_stressed:
        return onset + "ˈ" + ("e" if letter == "е" and not is_behind_hard else _PLAIN[plain])
    if letter in "ея" and not (letter == "я" and index == len(letters) - 1):
        return onset + ("ɨ" if is_behind_hard else "i")
    if plain in "ао":
        return onset + ("a" if is_open else "ə" if index < len(letters) - 1 else "a")
    return onset + ("i" if plain == "э" else _PLAIN[plain])
