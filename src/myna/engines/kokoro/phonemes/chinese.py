"""Mandarin: words by dictionary, pinyin by word, pinyin in Kokoro's symbols. One token is one character.

Tones are the dictionary's: Kokoro learnt from text without tone sandhi and makes the changes itself.
Source of the sounds: Duanmu, The Phonology of Standard Chinese (2007), chapters 2 and 3.
"""

import re
from collections.abc import Callable, Sequence

import rjieba
from pypinyin import Style, lazy_pinyin, load_phrases_dict, load_single_dict
from pypinyin.constants import PHRASES_DICT
from pypinyin.contrib.tone_convert import to_finals_tone3, to_initials

from myna.domain.speech import SpeechToken
from myna.engines.kokoro.phonemes.spaced import Phonemizer, gap_between_words, join_marks, say_english
from myna.engines.kokoro.phonemes.tables import read_table

_STRETCH = re.compile(r"([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+)|[^\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
"""Chinese characters, or everything else."""
_LATIN_WORDS = re.compile(r"[A-Za-z][A-Za-z' -]*|.", re.DOTALL)
_TABLE = read_table("chinese")

load_single_dict({ord(sign): sound for sign, sound in _TABLE["signs"].items()})
load_phrases_dict({word: [[sound] for sound in said.split()] for word, said in _TABLE["words"].items()})
_IN_CONTEXT = [(re.compile(pattern), pinyin) for pattern, pinyin in _TABLE["in_context"].items()]


class ChinesePhonemizer:
    """Implements `Phonemizer`. Stretches of Latin letters are read as English."""

    def __init__(self, english: Callable[[], Phonemizer]) -> None:
        self._english = english

    def phonemize(self, tokens: Sequence[SpeechToken]) -> list[str]:
        text, owners = "", []
        for index, token in enumerate(tokens):
            gap = gap_between_words(text, token.spoken, tokens[index - 1].whitespace)
            text += gap + token.spoken
            owners += [index] * len(gap + token.spoken)
        phonemes = [""] * len(tokens)
        position = 0
        for found in _STRETCH.finditer(text):
            stretch = found[0]
            if found[1]:
                settled = {
                    match.start(): pinyin
                    for pattern, pinyin in reversed(_IN_CONTEXT)
                    for match in pattern.finditer(stretch)
                }
                start = position
                for word in rjieba.cut(stretch):
                    sounds = pronounce_word(word)
                    if word not in PHRASES_DICT:
                        first = position - start
                        sounds = [
                            _spell_pinyin(settled[first + offset]) if first + offset in settled else sound
                            for offset, sound in enumerate(sounds)
                        ]
                    for offset, sound in enumerate(sounds):
                        phonemes[owners[position + offset]] += sound
                    position += len(word)
                    phonemes[owners[position - 1]] += " "
                continue
            for match in _LATIN_WORDS.finditer(stretch):
                owner, piece = owners[position + match.start()], match[0]
                if piece[0].isascii() and piece[0].isalpha():
                    phonemes[owner] += say_english(piece, self._english()) + " "
                else:
                    phonemes[owner] = join_marks(phonemes[owner], piece)
            position += len(stretch)
        return phonemes


def pronounce_word(word: str) -> list[str]:
    """Symbols of each character of a Chinese word."""
    initials = lazy_pinyin(word, style=Style.INITIALS, strict=True, errors="ignore")
    finals = lazy_pinyin(
        word, style=Style.FINALS_TONE3, strict=True, neutral_tone_with_five=True, v_to_u=True, errors="ignore"
    )
    if not len(initials) == len(finals) == len(word):
        return [sound for sign in word for sound in (pronounce_word(sign) if len(word) > 1 else [""])]
    return [_spell_syllable(initial, final) for initial, final in zip(initials, finals, strict=True)]


def _spell_pinyin(pinyin: str) -> str:
    return _spell_syllable(to_initials(pinyin), to_finals_tone3(pinyin, v_to_u=True))


def _spell_syllable(initial: str, final: str) -> str:
    tone = _TABLE["tones"].get(final[-1:], "")
    plain = final.rstrip("12345")
    is_apical = plain == "i" and initial in ("zh", "ch", "sh", "r", "z", "c", "s")
    vowel = "ɨ0" if is_apical else _TABLE["finals"].get(plain, "")
    return _TABLE["initials"].get(initial, "") + vowel.replace("0", tone)
