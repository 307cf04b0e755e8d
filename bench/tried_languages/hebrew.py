"""Hebrew: vowels guessed word by word by g2p2 (MIT), the stress on the last syllable but in words like `boker`."""

import re
from collections.abc import Sequence

from g2p2 import phonemize

from myna.engines.kokoro.phonemes.spaced import Word
from myna.engines.kokoro.phonemes.symbols import spell_general_ipa

_NEAREST = str.maketrans({"χ": "x", "ħ": "x", "ʔ": "", "ʿ": "", "\u0301": ""})


class HebrewPronunciation:
    """Implements `Pronunciation`."""

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        """See `Pronunciation`."""
        return [_mark_stress(spell_general_ipa(phonemize(word.text, "he").translate(_NEAREST))) for word in words]


def _mark_stress(spoken: str) -> str:
    vowels = [match.start() for match in re.finditer("[aeiou]", spoken)]
    if not vowels:
        return spoken
    is_segolate = len(vowels) == 2 and re.search("[aeo][^aeiou]e[^aeiou]$", spoken) is not None
    place = vowels[0] if is_segolate else vowels[-1]
    return spoken[:place] + "ˈ" + spoken[place:]
