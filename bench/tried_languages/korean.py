"""Korean, by rule: Hangul says the sounds, and neighbours change each other.

The model has never heard Korean; its sounds come from Japanese (ɕ ʥ ɾ ɯ) and Chinese (ʰ).
Source of the rules: 표준 발음법 (Standard Pronunciation, National Institute of Korean Language), chapters 4 to 6.
"""

from collections.abc import Sequence
from itertools import pairwise

from myna.engines.kokoro.phonemes.spaced import Word

_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3
_NUM_VOWELS, _NUM_CODAS = 21, 28
_ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "a ɛ ja jɛ ʌ e jʌ je o wa wɛ we jo u wʌ we wi ju ɯ ɰi i".split()
_CODAS = (
    "", "ㄱ", "ㄲ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ", "ㄹㅌ", "ㄹㅍ", "ㄹㅎ",
    "ㅁ", "ㅂ", "ㅂㅅ", "ㅅ", "ㅆ", "ㅇ", "ㅈ", "ㅊ", "ㅋ", "ㅌ", "ㅍ", "ㅎ",
)  # fmt: skip
_CLOSED = dict(zip("ㄱㄲㅋㄷㅅㅆㅈㅊㅌㅎㅂㅍ", "ㄱㄱㄱㄷㄷㄷㄷㄷㄷㄷㅂㅂ", strict=True))
_ASPIRATED = {"ㄱ": "ㅋ", "ㄷ": "ㅌ", "ㅂ": "ㅍ", "ㅈ": "ㅊ"}
_TENSE = {"ㄱ": "ㄲ", "ㄷ": "ㄸ", "ㅂ": "ㅃ", "ㅅ": "ㅆ", "ㅈ": "ㅉ"}
_NASAL = {"ㄱ": "ㅇ", "ㄷ": "ㄴ", "ㅂ": "ㅁ"}
_ONSET_SOUNDS = {
    "ㄱ": "k", "ㄲ": "k", "ㄴ": "n", "ㄷ": "t", "ㄸ": "t", "ㄹ": "ɾ", "ㅁ": "m", "ㅂ": "p", "ㅃ": "p", "ㅅ": "s",
    "ㅆ": "s", "ㅇ": "", "ㅈ": "ʨ", "ㅉ": "ʨ", "ㅊ": "ʨʰ", "ㅋ": "kʰ", "ㅌ": "tʰ", "ㅍ": "pʰ", "ㅎ": "h",
}  # fmt: skip
_VOICED = {"ㄱ": "ɡ", "ㄷ": "d", "ㅂ": "b", "ㅈ": "ʥ"}
_SONOROUS = "aɛʌeoiuɯnmŋl"
_CODA_SOUNDS = {"": "", "ㄱ": "k", "ㄴ": "n", "ㄷ": "t", "ㄹ": "l", "ㅁ": "m", "ㅂ": "p", "ㅇ": "ŋ"}


class KoreanPronunciation:
    """Implements `Pronunciation`."""

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        """See `Pronunciation`."""
        spoken: list[str] = []
        for index, word in enumerate(words):
            runs_on = index > 0 and not words[index - 1].is_last and spoken[-1][-1:] in tuple(_SONOROUS)
            spoken.append(pronounce_word(word.text, runs_on=runs_on))
        return spoken


def pronounce_word(word: str, *, runs_on: bool = False) -> str:
    """One word in Hangul; other signs are skipped.

    runs_on: a vowel or nasal goes before it without a pause, so that its first consonant is voiced.
    """
    syllables = [list(_take_apart(sign)) for sign in word if _FIRST_SYLLABLE <= ord(sign) <= _LAST_SYLLABLE]
    for left, right in pairwise(syllables):
        left[2], right[0] = _meet(left[2], right[0], right[1])
    if syllables:
        syllables[-1][2] = _close(syllables[-1][2])
    sounds = ""
    for index, (onset, vowel, coda) in enumerate(syllables):
        before = syllables[index - 1][2] if index else ""
        is_voiced = (index > 0 or runs_on) and before in ("", "ㄴ", "ㄹ", "ㅁ", "ㅇ")
        if onset in "ㅅㅆ" and vowel[0] in "ij":
            sound = "ɕ"
        elif onset == "ㄹ" and before == "ㄹ":
            sound = "l"
        else:
            sound = _VOICED[onset] if is_voiced and onset in _VOICED else _ONSET_SOUNDS[onset]
        sounds += sound + vowel + _CODA_SOUNDS[coda]
    return sounds.replace("ll", "l").replace("ʨj", "ʨ").replace("ʥj", "ʥ").replace("ɕj", "ɕ")


def _take_apart(sign: str) -> tuple[str, str, str]:
    number = ord(sign) - _FIRST_SYLLABLE
    return (
        _ONSETS[number // (_NUM_VOWELS * _NUM_CODAS)],
        _VOWELS[number // _NUM_CODAS % _NUM_VOWELS],
        _CODAS[number % _NUM_CODAS],
    )


def _close(coda: str) -> str:
    """What is left of the consonants at the end of a syllable when no vowel follows."""
    if len(coda) == 2:
        coda = coda[1] if coda in ("ㄹㄱ", "ㄹㅁ", "ㄹㅍ") else coda[0]
    return _CLOSED.get(coda, coda)


def _meet(coda: str, onset: str, vowel: str) -> tuple[str, str]:
    """The end of one syllable and the beginning of the next, as they are said together."""
    if onset == "ㅇ" and coda not in ("", "ㅇ"):
        return _carry_over(coda, vowel)
    if coda[-1:] == "ㅎ" and onset in _ASPIRATED:
        return _close(coda[:-1]), _ASPIRATED[onset]
    if coda[-1:] == "ㅎ" and onset == "ㅅ":
        return _close(coda[:-1]), "ㅆ"
    closed = _close(coda)
    if onset == "ㅎ" and closed in ("ㄱ", "ㄷ", "ㅂ"):
        is_palatal = closed == "ㄷ" and (coda == "ㅈ" or (coda == "ㄷ" and vowel == "i"))
        return "", "ㅊ" if is_palatal else _ASPIRATED[closed]
    if closed in _NASAL and onset in "ㄴㅁ":
        return _NASAL[closed], onset
    if closed in _NASAL and onset == "ㄹ":
        return _NASAL[closed], "ㄴ"
    if closed in _NASAL and onset in _TENSE:
        return closed, _TENSE[onset]
    if (closed, onset) in (("ㄴ", "ㄹ"), ("ㄹ", "ㄴ")):
        return "ㄹ", "ㄹ"
    if closed in ("ㅁ", "ㅇ") and onset == "ㄹ":
        return closed, "ㄴ"
    return closed, onset


def _carry_over(coda: str, vowel: str) -> tuple[str, str]:
    """A consonant before a vowel begins the next syllable."""
    kept, moved = coda[:-1], coda[-1]
    if moved == "ㅎ":
        return ("", kept or "ㅇ") if kept else ("", "ㅇ")
    if vowel == "i" and moved in "ㄷㅌ":
        moved = {"ㄷ": "ㅈ", "ㅌ": "ㅊ"}[moved]
    if kept and moved == "ㅅ":
        moved = "ㅆ"
    return kept, moved
