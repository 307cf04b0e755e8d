"""Mandarin: words by dictionary, pinyin by word, pinyin in Kokoro's symbols. One token is one character.

Tones are the dictionary's: Kokoro learnt from text without tone sandhi and makes the changes itself.
Source of the sounds: Duanmu, The Phonology of Standard Chinese (2007), chapters 2 and 3.
"""

import re
from collections.abc import Callable, Sequence

import rjieba
from pypinyin import Style, lazy_pinyin, load_phrases_dict
from pypinyin.constants import PHRASES_DICT
from pypinyin.contrib.tone_convert import to_finals_tone3, to_initials

from myna.domain.speech import SpeechToken
from myna.engines.kokoro.phonemes.spaced import Phonemizer, join_marks, say_english
from myna.engines.kokoro.phonemes.tables import read_table

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN_WORDS = re.compile(r"[A-Za-z][A-Za-z' -]*|.", re.DOTALL)
_TABLE = read_table("chinese")

load_phrases_dict({"大夫": [["dài"], ["fu"]], "流血": [["liú"], ["xuè"]]})
"""As people say them; the dictionary has the titles of old, and how they are said in Beijing."""
_NUMBERS = "一二三四五六七八九十百千万两几"
_IN_CONTEXT = [
    (re.compile(pattern), pinyin)
    for pattern, pinyin in (
        entry.rsplit("=", 1)
        for entry in rf"""
(?<=[看听做办找想拿买感碰遇见])得(?=到)=de5
(?<=[看听认说想])得(?=出)=de5
(?<=[我你他她它您们家谁还就都也总可必须非只])得(?=[\u4e00-\u9fff])(?![了到奖出分罪救益意失胜名票逞利病过很不太真更]|知(?!道))=dei3
(?<=[\u4e00-\u9fff])(?<![我你他她它您们谁会能])得(?=[\u4e00-\u9fff])(?![了到奖出知分罪救益失胜名票逞利])=de5
(?<=[\u4e00-\u9fff][\u4e00-\u9fff])(?<![这那块片的各每本外内当工基土陆草墓营产领场满遍扫种拖落倒此某两天])地(?=[\u4e00-\u9fff])(?![里上下方是在有也都很被和的面区铁图位址点带毯球震])=de5
(?<=[{_NUMBERS}数每这那哪半])只(?!有|要|能|是|会|好|不|想|怕|见|得|为|顾|因|可|剩|需|凭|管|用|在|知)=zhi1
(?<=[很太最不更好多真挺越又细么漫较米里期间发腿路线命])长(?![得出满成大高胖老官辈子])=chang2
长(?=[{_NUMBERS}\d约达])=chang2
(?<=[{_NUMBERS}每这那])行(?=字|代码|诗|泪|文字)=hang2
还(?=[我你他她](?:钱|书|债))=huan2
(?<=数一|数了)数=shu3
数(?=一数|了数)=shu3
教(?=[我你他她它们孩过了得])=jiao1
倒(?=[了在下地塌闭])=dao3
(?<=[摔跌推打绊晕病])倒=dao3
为(?=[{_NUMBERS}零负\d])=wei2
中(?=了?[奖彩毒弹枪暑])=zhong4
(?<!老)少(?![年女爷将先妇壮奶])=shao3
弹(?=[吉钢古琴唱奏])=tan2
量(?=[身体一尺血])=liang2
铺(?=[上着了在开床])=pu1
挣(?=[了到钱着])=zheng4
""".split()
    )
]
"""What the dictionary of phrases does not settle: 两只猫, 慢慢地走, 跑得快, 我得走了."""


class ChinesePhonemizer:
    """Implements `Phonemizer`. Stretches of Latin letters are read as English."""

    def __init__(self, english: Callable[[], Phonemizer]) -> None:
        self._english = english

    def phonemize(self, tokens: Sequence[SpeechToken]) -> list[str]:
        text, owners = "", []
        for index, token in enumerate(tokens):
            text += token.spoken
            owners += [index] * len(token.spoken)
        phonemes = [""] * len(tokens)
        position = 0
        for is_chinese, stretch in _stretches(text):
            if is_chinese:
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


def _stretches(text: str) -> list[tuple[bool, str]]:
    """Chinese characters and everything else, by turns."""
    pieces = re.findall(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+|[^\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+", text)
    return [(bool(_CHINESE.match(piece)), piece) for piece in pieces]
