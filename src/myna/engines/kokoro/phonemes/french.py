"""French: a lexicon, and the consonants only heard before a vowel. Source: Delattre, La liaison en français (1947)."""

import re
from collections.abc import Sequence

from myna.engines.kokoro.phonemes.lexicon import GruutLexicon
from myna.engines.kokoro.phonemes.spaced import Word
from myna.engines.kokoro.phonemes.symbols import STRESS_MARKS, strip_stress
from myna.engines.kokoro.phonemes.tables import read_table

_TABLE = read_table("french")
_CONSONANT_OF = {word: consonant for consonant, words in _TABLE["linking"].items() for word in words.split()}
_VOWELS = frozenset("aeiouyàâäéèêëîïôöùûüœæh")
_FOREIGN_SOUNDS = frozenset("ɹθðɒɪʊʌɜɐhxɬAIOQWY")
_NEAREST = str.maketrans(_TABLE["nearest"])
_PLURALS = ("es", "és", "cs", "ds", "ls", "ns", "ps", "rs", "ts", "ux")
"""Unknown words with these endings are looked up without the last letter, which is silent."""
_SOUNDED_Z = re.compile("[aàâeéèêiîoôuûyœ][sz]es?$")
_LAST_VOWEL = re.compile("[aeiouyøœɔɛɑ](?=[^aeiouyøœɔɛɑ]*$)")


class FrenchPronunciation:
    """Implements `Pronunciation`."""

    def __init__(self) -> None:
        self._lexicon = GruutLexicon("gruut_lang_fr")

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        spoken = [self._pronounce(word.text) for word in words]
        for index, word in enumerate(words):
            if word.is_last or index + 1 == len(words):
                spoken[index] = _TABLE["alone"].get(word.text, spoken[index])
                continue
            tail, following = word.text.rsplit("'", 1)[-1], words[index + 1].text
            before = words[index - 1].text if index else ""
            numeral = _say_numeral(spoken[index], tail, before, following)
            spoken[index] = _link(spoken[index], word.text, following) if numeral is None else numeral
            if following == "os" and tail in _TABLE["linking"]["z"].split():
                spoken[index + 1] = "ˈo"
        return spoken

    def _pronounce(self, word: str) -> str:
        found = self._lexicon.find(word)
        if found is None and "'" in word:
            head, _, rest = word.partition("'")
            spoken = _TABLE["elided"].get(head) or strip_stress(self._lexicon.pronounce(head))
            return spoken + self._pronounce(rest) if rest else spoken
        if word in _TABLE["irregular"]:
            return _TABLE["irregular"][word]
        if found is None and word.endswith(_PLURALS):
            found = self._lexicon.find(word[:-1])
        spoken = _stress(self._lexicon.guess(word)) if found is None else found
        if not _FOREIGN_SOUNDS.isdisjoint(spoken):
            spoken = _stress(self._lexicon.find_plain(word) or spoken.translate(_NEAREST))
        else:
            spoken = self._silence_latent(word, spoken)
        return strip_stress(spoken) if word in _TABLE["unstressed"] else spoken

    def _silence_latent(self, word: str, spoken: str) -> str:
        """Take off the last consonant where the table has one that is only heard before a vowel."""
        if word.endswith("ds") or word.endswith("des"):
            spoken = spoken.replace("ʣ", "d")
        is_plural = word[-1:] in ("s", "x") or word.endswith("ez")
        if is_plural and spoken.endswith("z") and not _SOUNDED_Z.search(word):
            return spoken[:-1]
        if spoken.endswith("zz"):
            return spoken[:-1]
        if spoken[-1:] in ("t", "n", "ʁ", "p") and strip_stress(spoken)[:-1] == self._lexicon.find_plain(word):
            return spoken[:-1]
        return spoken


def _stress(spoken: str) -> str:
    """With the stress on the last full vowel, where the table has none."""
    return spoken if STRESS_MARKS & set(spoken) else _LAST_VOWEL.sub("ˈ\\g<0>", spoken, count=1)


def _begins_with_vowel(word: str) -> bool:
    if word[:1] not in _VOWELS:
        return False
    is_yod = word[0] == "y" and len(word) > 1 and word not in ("yeux", "yonne", "york", "yves", "yvette", "yvon")
    return not is_yod and not any(
        word == stem or (len(stem) > 3 and word.startswith(stem)) for stem in _TABLE["aspirated"]
    )


def _say_numeral(spoken: str, tail: str, before: str, following: str) -> str | None:
    """A numeral as it sounds before the next word; None for other words, and numerals that are linked as those are."""
    is_mark = following in _TABLE["no_nouns"]
    if tail == "dix" and following in ("huit", "neuf"):
        spoken += "z"
    elif tail == "neuf" and following in ("heures", "ans"):
        spoken = spoken.removesuffix("f") + "v"
    elif tail == "vingt" and following in _TABLE["digits"] and before != "quatre":
        spoken += "t"
    elif is_mark and tail in _TABLE["alone"]:
        spoken = _TABLE["alone"][tail]
    elif tail == "huit" and following[:1] not in _VOWELS and not is_mark:
        spoken = spoken.removesuffix("t")
    elif not (following in _TABLE["units"] and (tail == "cent" or (tail, before) == ("vingt", "quatre"))):
        return None
    return spoken


def _link(spoken: str, word: str, following: str) -> str:
    """With the consonant that is only heard before the next word."""
    head, _, tail = word.rpartition("'")
    if tail == "t" and following in _TABLE["pronouns"]:
        return "t"
    if tail.endswith(("t", "d")) and following in _TABLE["pronouns"] and tail not in _TABLE["never_linked"]:
        return spoken.removesuffix("t") + "t"
    if tail == "tous" and following in _TABLE["all_before"]:
        return "tu"
    if f"{tail} {following}" in _TABLE["fixed"]:
        return spoken + _TABLE["fixed"][f"{tail} {following}"]
    if not _begins_with_vowel(following):
        return spoken
    if (feminine := _TABLE["before_vowels"].get(tail)) is not None:
        return _TABLE["elided"].get(head, "") + feminine
    return spoken + _CONSONANT_OF.get(tail, "")
