"""Polish, by rule: its letters say every sound, and the stress lies on the last syllable but one.

The model has never heard Polish: what its symbols lack is written with the nearest (ʑ and ʐ as ʒ).
Source of the rules: Ostaszewska and Tambor, Fonetyka i fonologia współczesnego języka polskiego (2000), chapters 4
to 7.
"""

import re
from collections.abc import Sequence

from myna.engines.kokoro.phonemes.spaced import Word
from myna.engines.kokoro.phonemes.spelling import Changes, LetterRules
from myna.engines.kokoro.phonemes.tables import read_table

_TABLE = read_table("polish")
_SOUNDS, _NASALS = LetterRules(_TABLE["sounds"]), Changes(_TABLE["nasals"])
_VOWELS = "aɛiouɪ"
_VOICELESS_OF = str.maketrans(_TABLE["voiceless_of"])
_VOICED_OF = str.maketrans({voiceless: voiced for voiced, voiceless in _TABLE["voiceless_of"].items()})
_VOICELESS, _VOICED = "ptkfsʃʦʧʨɕx", "bdɡvzʒʣʤʥ"
_HARDENED = "F"
"""A v that what is before it has made an f."""
_RUN = re.compile(f"[bdɡvzʒʣʤʥptkfsʃʦʧʨ]+(?=(?P<deaf>[{_HARDENED}ɕx]|$)?)")
_PREPOSITIONS = {"w": "v", "z": "z"}


class PolishPronunciation:
    """Implements `Pronunciation`."""

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        spoken = [pronounce_word(word.text) for word in words]
        for index, word in enumerate(words[:-1]):
            # prepositions of one consonant are part of the next word
            if word.text in _PREPOSITIONS and spoken[index + 1].lstrip("ˈ")[:1] in tuple(_VOICELESS):
                spoken[index] = spoken[index].translate(_VOICELESS_OF)
        return spoken


def pronounce_word(word: str) -> str:
    """One word, in lower case; letters that Polish does not have are skipped."""
    if word in _PREPOSITIONS:
        return _PREPOSITIONS[word]
    sounds = _NASALS.make(_settle_voices(_SOUNDS.spell(word)))
    return _mark_stress(sounds, is_light=word in _TABLE["unstressed"])


def _settle_voices(sounds: str) -> str:
    """Obstruents side by side are all voiced or all voiceless, as the last is; at the end of a word voiceless."""

    def settle(run: re.Match[str]) -> str:
        is_voiced = run["deaf"] is None and run[0][-1] in _VOICED
        return run[0].translate(_VOICED_OF if is_voiced else _VOICELESS_OF)

    hardened = re.sub(f"(?<=[{_VOICELESS}])v", _HARDENED, sounds)
    return _RUN.sub(settle, hardened).replace(_HARDENED, "f")


def _mark_stress(sounds: str, *, is_light: bool) -> str:
    vowels = [index for index, sound in enumerate(sounds) if sound in _VOWELS]
    if is_light or not vowels:
        return sounds
    place = vowels[-2] if len(vowels) > 1 else vowels[0]
    return f"{sounds[:place]}ˈ{sounds[place:]}"
