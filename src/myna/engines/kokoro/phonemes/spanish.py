"""Spanish as spoken in Castile, by rule: the spelling says it all but for names.

Source of the rules: Real Academia Española, Ortografía de la lengua española (2010), chapters 1 and 2.
"""

import re
from collections.abc import Sequence

from myna.engines.kokoro.phonemes.spaced import Word
from myna.engines.kokoro.phonemes.tables import read_table

_VOWELS = "aeiouáéíóúü"
_TABLE = read_table("spanish")
_ACCENTED = _TABLE["accented"]


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
    sounds: list[str] = []
    position = 0
    while position < len(word):
        span = next((nucleus for nucleus in nuclei if nucleus[0] == position), None)
        if span is not None:
            onset, vowel = _read_nucleus(word[span[0] : span[1]])
            sounds.append(onset + ("ˈ" if span == stressed else "") + vowel)
            position = span[1]
            continue
        last = (sounds[-1][-1:] if sounds else before) or ""
        sound, length = _read_consonant(word, position, last, is_first=not "".join(sounds))
        sounds.append(sound)
        position += length
    return "".join(sounds)


def _find_nuclei(word: str) -> list[tuple[int, int]]:
    """Syllable nuclei: vowels, with the glides that belong to them. `qu` and `gu` before e and i hold none."""
    silent = {match.start() + 1 for match in re.finditer(r"qu(?=[eiéí])|gu(?=[eiéí])", word)}
    nuclei: list[tuple[int, int]] = []
    position = 0
    while position < len(word):
        if word[position] not in _VOWELS or position in silent:
            is_final_y = word[position] == "y" and (position == len(word) - 1) and position > 0
            if is_final_y and nuclei and nuclei[-1][1] == position:
                nuclei[-1] = (nuclei[-1][0], position + 1)
            elif word == "y":
                nuclei.append((0, 1))
            position += 1
            continue
        end = position + 1
        while end < len(word) and word[end] in _VOWELS and _is_one_syllable(word[position:end], word[end]):
            end += 1
        nuclei.append((position, end))
        position = end
    return nuclei


def _is_one_syllable(so_far: str, following: str) -> bool:
    """Whether a vowel joins the nucleus before it: a weak one (i, u, ü without accent) beside any other."""
    weak = "iuü"
    if following in weak:
        return so_far[-1] != following
    return so_far[-1] in weak and not any(sign not in weak for sign in so_far)


def _stressed_nucleus(word: str, nuclei: list[tuple[int, int]]) -> tuple[int, int]:
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


def _read_consonant(word: str, position: int, last: str, *, is_first: bool) -> tuple[str, int]:
    """The sound of the consonant at a position, and how many letters it takes."""
    for letters, sound in _TABLE["consonants"].items():
        if word.startswith(letters, position):
            return sound, len(letters)
    letter, following = word[position], word[position + 1 : position + 2]
    is_soft = following in tuple("eiéí") and following != ""
    if letter == "c":
        if following == "c":
            return "k", 1
        return ("θ" if is_soft else "k"), 1
    if letter == "g":
        if is_soft:
            return "x", 1
        is_hard_digraph = following == "u" and word[position + 2 : position + 3] in tuple("eiéí")
        is_stop = last in ("", "n", "m", "ŋ") or following in ("m", "n")
        return ("ɡ" if is_stop else "ɣ"), 2 if is_hard_digraph else 1
    if letter in "bv":
        return ("b" if last in ("", "n", "m") else "β"), 1
    if letter == "d":
        return ("d" if last in ("", "n", "m", "l") else "ð"), 1
    if letter == "r":
        return ("r" if is_first or last in ("n", "l", "s") else "ɾ"), 1
    if letter == "y":
        return "ʝ", 1
    if letter == "n" and following in ("g", "b", "v", "p"):
        return ("ŋ" if following == "g" else "m"), 1
    return (letter if letter in "fklmnpst" else ""), 1
