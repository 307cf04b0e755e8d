"""Polish, by rule: its letters say every sound, and the stress lies on the last syllable but one.

The model has never heard Polish: what its symbols lack is written with the nearest (ʑ and ʐ as ʒ).
Source of the rules: Ostaszewska and Tambor, Fonetyka i fonologia współczesnego języka polskiego (2000), chapters 4
to 7.
"""

import re
from collections.abc import Sequence

from myna.engines.kokoro.phonemes.spaced import Word
from myna.engines.kokoro.phonemes.tables import read_table

_TABLE = read_table("polish")
_SOUNDS = _TABLE["sounds"]
_SOFT = _TABLE["soft"]
_LETTERS = re.compile("|".join(sorted(map(re.escape, _SOUNDS), key=len, reverse=True)))
_VOWEL_LETTERS = "aąeęioóuy"
_VOWELS = "aɛiouɪ"
_VOICELESS_OF = _TABLE["voiceless_of"]
_VOICED_OF = {voiceless: voiced for voiced, voiceless in _VOICELESS_OF.items()}
_OBSTRUENTS = frozenset("bdɡvzʒʣʤʥptkfsʃʦʧʨɕx")
_VOICED = frozenset("bdɡvzʒʣʤʥ")
_STOPS = frozenset("pbtdkɡʦʣʧʤʨʥ")
_TILDE = "\u0303"


class PolishPronunciation:
    """Implements `Pronunciation`."""

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        spoken = [pronounce_word(word.text) for word in words]
        for index, word in enumerate(words[:-1]):
            following = spoken[index + 1].lstrip("ˈ")[:1]
            # prepositions of one consonant are part of the next word
            if word.text in ("w", "z") and following in _OBSTRUENTS and following not in _VOICED:
                spoken[index] = _VOICELESS_OF[spoken[index]]
            elif word.text in ("w", "z"):
                spoken[index] = {"w": "v", "z": "z"}[word.text]
        return spoken


def pronounce_word(word: str) -> str:
    """One word, in lower case; letters that Polish does not have are skipped."""
    if len(word) == 1 and word in "wz":
        return {"w": "v", "z": "z"}[word]
    sounds = _place_nasals(_settle_voices(_read_letters(word)))
    return _mark_stress(sounds, is_light=word in _TABLE["unstressed"])


def _read_letters(word: str) -> list[str]:
    sounds: list[str] = []
    position = 0
    while match := _LETTERS.search(word, position):
        letters, end = match[0], match.end()
        is_soft = word[end : end + 1] == "i"
        is_before_vowel = word[end + 1 : end + 2] in tuple(_VOWEL_LETTERS)
        if is_soft and letters in _SOFT:
            sounds.append(_SOFT[letters])
            end += is_before_vowel
        elif is_soft and is_before_vowel and letters not in _VOWEL_LETTERS:
            sounds += [*_SOUNDS[letters], "j"]
            end += 1
        elif letters == "rz" and sounds and sounds[-1] in _OBSTRUENTS and sounds[-1] not in _VOICED:
            sounds.append("ʃ")
        else:
            sounds += _SOUNDS[letters]
        position = end
    return sounds


def _settle_voices(sounds: list[str]) -> list[str]:
    """Obstruents side by side are all voiced or all voiceless, as the last is; at the end of a word voiceless."""
    settled = list(sounds)
    is_voiced = False
    for index in range(len(settled) - 1, -1, -1):
        sound = settled[index]
        if sound not in _OBSTRUENTS:
            is_voiced = True
            continue
        before = settled[index - 1] if index else ""
        if sound == "v" and before in _OBSTRUENTS and before not in _VOICED:
            settled[index] = "f"
            is_voiced = False
            continue
        follower = settled[index + 1] if index + 1 < len(settled) else ""
        if follower == "" or follower in _OBSTRUENTS:
            table = _VOICED_OF if is_voiced else _VOICELESS_OF
            settled[index] = table.get(sound, sound)
        is_voiced = settled[index] in _VOICED
    return settled


def _place_nasals(sounds: list[str]) -> list[str]:
    """Nasal vowels are a vowel and a nasal before a stop, plain before l and ł, and ę is plain at the end of a word."""
    settled = []
    for index, sound in enumerate(sounds):
        if sound not in "ĄĘ":
            settled.append(sound)
            continue
        vowel = "o" if sound == "Ą" else "ɛ"
        following = sounds[index + 1] if index + 1 < len(sounds) else ""
        if following in _STOPS and following:
            settled += [vowel, _TABLE["nasal_before"].get(following, "n")]
        elif following in ("l", "w") or (following == "" and vowel == "ɛ"):
            settled.append(vowel)
        else:
            settled += [vowel, _TILDE, "w"] if vowel == "o" else [vowel, _TILDE]
    return settled


def _mark_stress(sounds: list[str], *, is_light: bool) -> str:
    vowels = [index for index, sound in enumerate(sounds) if sound in _VOWELS]
    if is_light or not vowels:
        return "".join(sounds)
    place = vowels[-2] if len(vowels) > 1 else vowels[0]
    return "".join([*sounds[:place], "ˈ", *sounds[place:]])
