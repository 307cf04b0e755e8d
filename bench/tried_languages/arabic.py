"""Arabic: vowels restored by a model (text2tashkeel), then said by rule, without the endings that few people say.

The engine has never heard Arabic: what its symbols lack is written with the nearest (ħ as h, ʕ as a glottal stop, the
emphatic consonants plain).
Source of the rules: Ryding, A Reference Grammar of Modern Standard Arabic (2005), chapter 2.
"""

import unicodedata
from collections.abc import Callable, Sequence

from myna.engines.kokoro.phonemes.spaced import Word

_CONSONANTS = dict(
    zip(
        "بتثجحخدذرزسشصضطظعغفقكلمنهويءأإؤئگپچڤ",
        "b t θ ʤ h x d ð ɾ z s ʃ s d t ð ʔ ɣ f q k l m n h w j ʔ ʔ ʔ ʔ ʔ ɡ p ʧ v".split(),
        strict=True,
    )
)
_FATHA, _DAMMA, _KASRA, _SHADDA, _SUKUN = "\u064e", "\u064f", "\u0650", "\u0651", "\u0652"
_VOWELS = {_FATHA: "a", _DAMMA: "u", _KASRA: "i", "\u064b": "an", "\u064c": "un", "\u064d": "in", "\u0670": "aː"}
_LONG = {"a": ("اى", "aː"), "u": ("و", "uː"), "i": ("ي", "iː")}
_SUN_LETTERS = frozenset("تثدذرزسشصضطظلن")
_FEMININE = "ɐ"
"""The a of the feminine ending, which is said where short final vowels are not; its t is not."""
_VOWEL_SIGNS = "aiuɐ"
_UNSTRESSED = frozenset("من في على إلى عن أن إن لا ما هو هي و يا قد لم لن هذا هذه كل ثم أو".split())


class ArabicPronunciation:
    """Implements `Pronunciation`."""

    def __init__(self, restore_vowels: Callable[[str], str]) -> None:
        """restore_vowels: puts the vowel signs into a sentence that has none."""
        self._restore_vowels = restore_vowels

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        """See `Pronunciation`."""
        written = [word.text for word in words]
        if not any(sign in _VOWELS for text in written for sign in text):
            restored = self._restore_vowels(" ".join(written)).split()
            if len(restored) == len(written):
                written = restored
        return [pronounce_word(text, is_light=strip_vowels(text) in _UNSTRESSED) for text in written]


def strip_vowels(word: str) -> str:
    return "".join(sign for sign in word if unicodedata.category(sign) != "Mn")


def pronounce_word(word: str, *, is_light: bool = False) -> str:
    """One word with its vowel signs. is_light: it bears no stress and keeps its ending."""
    sounds = _read_letters(unicodedata.normalize("NFC", word))
    return "".join(sounds if is_light else _mark_stress(_drop_ending(sounds)))


def _read_letters(word: str) -> list[str]:
    """Consonants and vowels, one sound each; a long vowel is one."""
    sounds: list[str] = []
    letters = _group(word)
    for index, (letter, marks) in enumerate(letters):
        vowel = next((_VOWELS[mark] for mark in marks if mark in _VOWELS), "")
        before = sounds[-1] if sounds else ""
        if letter in "اٱ":
            follower = letters[index + 1] if index + 1 < len(letters) else ("", "")
            if index == 0 and follower[0] == "ل" and not follower[1].strip(_SUKUN):
                sounds.append("a")
            elif before == "a" and index:
                sounds[-1] = "aː"
            elif index == 0:
                sounds.append(vowel or "i")
            continue
        if letter == "آ":
            sounds += ["ʔ", "aː"]
            continue
        if letter == "ى":
            sounds[-1:] = ["aː"] if before == "a" else [before]
            continue
        if letter == "ة":
            sounds[-1:] = [_FEMININE]
            continue
            continue
        if letter == "ل" and 0 < index + 1 < len(letters) and not vowel and before == "a" and index <= 3:
            following, following_marks = letters[index + 1]
            if following in _SUN_LETTERS and _SHADDA in following_marks and letters[index - 1][0] in "ال":
                continue
        if letter in "وي" and not vowel and _SHADDA not in marks and before == {"و": "u", "ي": "i"}[letter]:
            sounds[-1] = before + "ː"
            continue
        consonant = _CONSONANTS.get(letter)
        if consonant is None:
            continue
        sounds += [consonant] * (2 if _SHADDA in marks else 1)
        sounds += list(vowel) if vowel != "aː" else ["aː"]
    return sounds


def _group(word: str) -> list[tuple[str, str]]:
    letters: list[tuple[str, str]] = []
    for sign in word:
        if unicodedata.category(sign) == "Mn" and letters:
            letters[-1] = (letters[-1][0], letters[-1][1] + sign)
        elif unicodedata.category(sign) != "Mn":
            letters.append((sign, ""))
    return letters


def _drop_ending(sounds: list[str]) -> list[str]:
    """Short final vowels and the n of indefinite nouns are silent, but for -an, which is written."""
    kept = list(sounds)
    if len(kept) > 3 and kept[-1] == "n" and kept[-2] in tuple("ui"):
        kept = kept[:-2]
    elif len(kept) > 3 and kept[-1] == "n" and kept[-2] == "a":
        kept = [*kept[:-2], "an"]
    elif len(kept) > 3 and kept[-1] in ("a", "i", "u"):
        kept = kept[:-1]
    return kept


def _mark_stress(sounds: list[str]) -> list[str]:
    """The last long or closed syllable but the final one; a final one of long vowel and consonant; else the third."""
    vowels = [index for index, sound in enumerate(sounds) if sound[0] in _VOWEL_SIGNS]
    if not vowels:
        return sounds
    place = vowels[-3] if len(vowels) > 2 else vowels[0]
    last = vowels[-1]
    if last < len(sounds) - 1 and sounds[last].endswith("ː"):
        place = last
    elif len(vowels) > 1:
        second = vowels[-2]
        if sounds[second].endswith("ː") or last - second > 2:
            place = second
    return [*sounds[:place], "ˈ", *sounds[place:]]
