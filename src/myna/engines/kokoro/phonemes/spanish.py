"""Castilian Spanish, by rule but for names. Source: Ortografía de la lengua española (2010), chapters 1 and 2."""

import re
from collections.abc import Sequence

from myna.engines.kokoro.phonemes.spaced import Word
from myna.engines.kokoro.phonemes.spelling import LetterRules, Nuclei, find_nuclei, spell_out
from myna.engines.kokoro.phonemes.tables import read_table

_VOWELS = "aeiouáéíóúü"
_TABLE = read_table("spanish")
_ACCENTED = _TABLE["accented"]
_CONSONANTS = LetterRules(_TABLE["consonants"])


class SpanishPronunciation:
    """Implements `Pronunciation`."""

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        spoken, before = [], ""
        for word in words:
            sounds = pronounce_word(word.text, before, is_stressed=word.text not in _TABLE["unstressed"])
            spoken.append(sounds)
            before = "" if word.is_last else (sounds[-1:] or before)
        return spoken


def pronounce_word(word: str, before: str = "", *, is_stressed: bool = True) -> str:
    """One word. before: the sound that it follows without a pause, "" at the start of a phrase."""
    nuclei = _find_nuclei(word)
    stressed = _stressed_nucleus(word, nuclei) if is_stressed and nuclei else None

    def say_nucleus(index: int) -> tuple[str, int]:
        start, end = nuclei[index]
        onset, vowel = _read_nucleus(word[start:end])
        return onset + ("ˈ" if nuclei[index] == stressed else "") + vowel, end

    def say_consonant(position: int, sounds: list[str]) -> tuple[str, int]:
        """It may depend on the sound before."""
        letter, last = word[position], (sounds[-1] if sounds else before)[-1:]
        if letter == "r" and not any(sounds):
            return "r", position + (2 if word.startswith("rr", position) else 1)
        found = _CONSONANTS.read(last + word[position:], len(last))
        if found is None:
            return letter if letter in "fklmnpst" else "", position + 1
        return found[0], position + found[1] - len(last)

    return spell_out(word, nuclei, say_nucleus, say_consonant)


def _find_nuclei(word: str) -> Nuclei:
    """`qu` and `gu` before e and i hold none; a y at the end belongs to the vowel before it."""
    if word == "y":
        return [(0, 1)]
    silent = {match.start() + 1 for match in re.finditer(r"[qg]u(?=[eiéí])", word)}
    nuclei = find_nuclei(word, _VOWELS, silent, _is_one_syllable)
    if nuclei and word.endswith("y") and nuclei[-1][1] == len(word) - 1:
        nuclei[-1] = (nuclei[-1][0], len(word))
    return nuclei


def _is_one_syllable(word: str, start: int, end: int) -> bool:
    """Whether a vowel joins the nucleus before it: a weak one (i, u, ü without accent) beside any other."""
    weak, so_far, following = "iuü", word[start:end], word[end]
    if following in weak:
        return so_far[-1] != following
    return so_far[-1] in weak and not any(sign not in weak for sign in so_far)


def _stressed_nucleus(word: str, nuclei: Nuclei) -> tuple[int, int]:
    for start, end in nuclei:
        if any(sign in _ACCENTED for sign in word[start:end]):
            return start, end
    if len(nuclei) == 1:
        return nuclei[0]
    ends_open = word[-1] in _VOWELS or (word[-1] in "ns" and word[-2:-1] != "" and word[-2] in _VOWELS)
    return nuclei[-2] if ends_open else nuclei[-1]


def _read_nucleus(written: str) -> tuple[str, str]:
    """The glide before a vowel, if any, and the vowel with what glides off it."""
    plain = "".join(_ACCENTED.get(sign, sign) for sign in written).replace("ü", "u").replace("y", "i")
    onset = ""
    if len(plain) > 1 and plain[0] in "iu" and written[0] not in "íú":
        onset, plain = {"i": "j", "u": "w"}[plain[0]], plain[1:]
    if len(plain) == 2:
        plain = _TABLE["falling"].get(plain, plain[0] + {"i": "ɪ", "u": "ʊ"}.get(plain[1], plain[1]))
    return onset, plain
