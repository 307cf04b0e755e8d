"""German and Dutch: the words of lexicons, compounds by their parts, written with the nearest symbols.

The model has heard neither language. Its nearest sounds come from several: y and œ from French, ɕ (for the ç that it
makes too weak) from Japanese, x and r from Spanish, diphthongs from English.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from myna.engines.kokoro.phonemes.lexicon import GruutLexicon
from myna.engines.kokoro.phonemes.spaced import Word
from myna.engines.kokoro.phonemes.symbols import strip_stress

_MIN_PART_LETTERS = 3
_VOWELS = "aeiouyøœɐəɛɪɔʊɑæAIOWY"


@dataclass(frozen=True, slots=True)
class GermanicLanguage:
    """What German and Dutch do differently."""

    package: str
    """Of the lexicon."""
    nearest: tuple[tuple[str, str], ...]
    """Patterns over the lexicon's sounds, in order, and what the model is given for them."""
    joints: tuple[str, ...]
    """What may stand between the parts of a compound."""
    unstressed: frozenset[str]
    whole_words: Mapping[str, str]


GERMAN = GermanicLanguage(
    package="gruut_lang_de",
    nearest=(
        ("ɔø|ɔʏ̯", "Y"),
        ("ɜ", "ɐ"),
        ("ʏ", "y"),
        ("ɑ", "a"),
        ("ɔ", "o"),
        ("ç", "ɕ"),
        (f"[rɾ](?![ˈˌ]?[{_VOWELS}])", "ɐ"),
        ("əɐ|ɐɐ", "ɐ"),
    ),
    joints=("", "s", "es", "n", "en", "-"),
    unstressed=frozenset(
        "der die das den dem des ein eine einen einem einer eines und oder aber zu zum zur in im ins an am ans auf aus "
        "bei beim mit nach von vom vor für um durch als wie dass ob wenn weil da so ist sind war wird hat ich du er "
        "sie es wir ihr man sich mich dich uns euch mir dir ihm ihn ihnen mein dein sein".split()
    ),
    whole_words={},
)
DUTCH = GermanicLanguage(
    package="gruut_lang_nl",
    nearest=(
        ("ʌʊ|ɑu", "W"),
        ("œy", "œɪ"),
        ("ɛɪ", "I"),
        ("eː", "A"),
        ("oː", "O"),
        ("ɵ", "œ"),
        ("ɑ", "a"),
        ("ɣ", "x"),
        ("ʋ", "w"),
    ),
    joints=("", "s", "en", "e", "-"),
    unstressed=frozenset(
        "de het een en of maar te in op aan van voor met bij uit om door naar als dan dat die er ik je jij hij ze zij "
        "we wij me mij hem haar ons is was zijn heeft had mijn jouw zich dit deze".split()
    ),
    whole_words={"een": "ən", "het": "ət", "de": "də", "'t": "ət", "'n": "ən"},
)


class GermanicPronunciation:
    """Implements `Pronunciation`."""

    def __init__(self, language: GermanicLanguage) -> None:
        self._language = language
        self._lexicon = GruutLexicon(language.package)
        self._nearest = [(re.compile(pattern), symbols) for pattern, symbols in language.nearest]

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        """See `Pronunciation`."""
        return [self._pronounce(word.text) for word in words]

    def _pronounce(self, word: str) -> str:
        if word in self._language.whole_words:
            return self._language.whole_words[word]
        spoken = self._lexicon.find(word) or self._put_together(word) or self._lexicon.guess(word)
        for pattern, symbols in self._nearest:
            spoken = pattern.sub(symbols, spoken)
        return strip_stress(spoken) if word in self._language.unstressed else spoken

    def _put_together(self, word: str) -> str | None:
        """A compound from its parts: the longest known first one, a joint or none, and a known rest."""
        for end in range(len(word) - _MIN_PART_LETTERS, _MIN_PART_LETTERS - 1, -1):
            head = self._lexicon.find(word[:end])
            if head is None:
                continue
            for joint in self._language.joints:
                rest = word[end + len(joint) :]
                if word[end:].startswith(joint) and len(rest) >= _MIN_PART_LETTERS:
                    tail = self._lexicon.find(rest)
                    if tail is not None:
                        between = strip_stress(self._lexicon.guess(joint)) if joint else ""
                        return head + between + tail.replace("ˈ", "ˌ")
        return None
