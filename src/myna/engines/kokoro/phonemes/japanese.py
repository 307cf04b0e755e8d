"""Japanese: readings by dictionary (IPADIC, which knows は from わ), kana in Kokoro's symbols.

One token is one character; a word's sounds are shared out among its characters.
Source of the sounds: Vance, The Sounds of Japanese (2008), chapters 3 to 5.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from lindera import TokenizerBuilder

from myna.domain.speech import SpeechToken
from myna.engines.kokoro.phonemes.spaced import Phonemizer, gap_between_words, join_marks, say_english
from myna.engines.kokoro.phonemes.tables import read_table
from myna.text.numerals.japanese import COUNTERS, mixed_value, spell_cardinal, spell_counted

_PRONUNCIATION_FIELD = 8
"""Of IPADIC's features: how the word is said, in katakana."""
_TABLE = read_table("japanese")
_VOWELS = "aiɯeo"
_LONG, _GEMINATE, _NASAL = "ー", "ッ", "ン"
_LONG_U = re.compile("(?<=[ウクスツヌフムユルグズブプュ])ウ")
"""吸う, という: one long vowel."""
_LONG_IN_NUMBERS = re.compile("(?<=[ュョオコソトノホモヨロゴゾドボポ])ウ")
_KANA_RUN = re.compile("([ぁ-ゖァ-ヺー]{2,})")
_NUMERAL = "１"
"""Stands for a reading while the dictionary finds the words around it."""
_NUMBER = ["名詞", "数"]
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_CHINESE_NUMBER = re.compile(
    "(?=.)(?:(?=[^万])(?:[一二三四五六七八九]?千)?(?:[二三四五六七八九]?百)?(?:[二三四五六七八九]?十)?[一二三四五六七八九]?万)?"
    "(?:[二三四五六七八九]?千)?(?:[二三四五六七八九]?百)?(?:[二三四五六七八九]?十)?[一二三四五六七八九]?"
)
"""Up to 99,999,999, written with its powers of ten."""


def _kana_table() -> dict[str, str]:
    table = {}
    for onset, row in _TABLE["rows"].items():
        for kana, vowel in zip(row, _VOWELS, strict=True):
            palatal = "ʲ" if vowel == "i" and onset in ("k", "ɡ", "b", "p", "m", "ɾ") else ""
            table[kana] = onset + palatal + vowel
    table |= _TABLE["irregular"]
    for kana, onset in _TABLE["palatal_onsets"].items():
        for small, vowel in _TABLE["small"].items():
            table[kana + small] = onset + vowel
    return table


_KANA = _kana_table()
_MORA = re.compile("|".join(sorted(map(re.escape, _KANA), key=len, reverse=True)) + f"|{_LONG}|{_GEMINATE}|{_NASAL}")


class JapanesePhonemizer:
    """Implements `Phonemizer`. Words in Latin letters that no dictionary reads are read as English."""

    def __init__(self, english: Callable[[], Phonemizer]) -> None:
        self._english = english
        builder = TokenizerBuilder()
        builder.set_mode("normal")
        builder.set_dictionary("embedded://ipadic")
        self._tokenizer = builder.build()

    def phonemize(self, tokens: Sequence[SpeechToken]) -> list[str]:
        text, owners = "", []
        readings: dict[int, str] = {}
        for index, token in enumerate(tokens):
            gap = gap_between_words(text, token.spoken, tokens[index - 1].whitespace)
            text += gap
            owners += [index] * len(gap)
            # written characters are a token each: kana in longer ones are a reading, in which は is never わ
            pieces = _KANA_RUN.split(token.spoken) if len(token.spoken) > 1 else [token.spoken]
            for piece in pieces:
                is_reading = len(token.spoken) > 1 and _KANA_RUN.fullmatch(piece) is not None
                if is_reading:
                    readings[len(text)] = _LONG_IN_NUMBERS.sub(_LONG, _in_katakana(piece))
                text += _NUMERAL if is_reading else piece
                owners += [index] * (1 if is_reading else len(piece))
        phonemes = [""] * len(tokens)
        position = 0
        words = [(word.surface, word.details) for word in self._tokenizer.tokenize(text)] if text else []
        for surface, details, kana in _join_numbers(words):
            start = text.index(surface, position)
            position = start + len(surface)
            if start in readings:
                for place in range(start, position):
                    said = readings.get(place) or _in_katakana(text[place])
                    phonemes[owners[place]] += "".join(spell_kana(said)) + " "
            elif kana:
                if start > 0 and (
                    _is_ending(details) or kana[0] == _LONG or phonemes[owners[start - 1]].endswith("ʔ ")
                ):
                    phonemes[owners[start - 1]] = phonemes[owners[start - 1]].rstrip()
                is_long = kana == "ウ" and details[0] == "助動詞"  # ましょう, だろう, 行こう
                _share_out(phonemes, owners[start:position], ["ː"] if is_long else spell_kana(kana))
                phonemes[owners[position - 1]] += " "
            elif re.search(r"[A-Za-z]", surface):
                phonemes[owners[start]] += say_english(surface, self._english()) + " "
            else:
                for offset, sign in enumerate(surface):
                    owner = owners[start + offset]
                    phonemes[owner] = join_marks(phonemes[owner], sign)
        return _settle_nasals(phonemes)


def spell_kana(kana: str) -> list[str]:
    """Katakana as symbols, a list of one entry per mora; the syllabic nasal is left as `ɴ`."""
    special = {_LONG: "ː", _GEMINATE: "ʔ", _NASAL: "ɴ"}
    return [special.get(mora) or _KANA[mora] for mora in _MORA.findall(_LONG_U.sub(_LONG, kana))]


def _join_numbers(words: Sequence[tuple[str, Sequence[str]]]) -> Iterator[tuple[str, Sequence[str], str]]:
    """Words with their readings; numbers in Chinese characters are one word with the counter behind them."""
    index = 0
    while index < len(words):
        surface, details = words[index]
        end = index
        while end < len(words) and words[end][1][:2] == _NUMBER:
            end += 1
        digits = "".join(surface for surface, _ in words[index:end])
        number = _read_number(digits)
        if number is None:
            yield surface, details, _reading(surface, details)
            index += 1
            continue
        counter = words[end][0] if end < len(words) else ""
        is_counted = counter in COUNTERS and words[end][1][2] == "助数詞"
        spoken = spell_counted(number, counter) if is_counted else spell_cardinal(number)
        katakana = _LONG_IN_NUMBERS.sub(_LONG, _in_katakana(spoken))
        yield digits + (counter if is_counted else ""), details, katakana
        index = end + is_counted


def _read_number(digits: str) -> int | None:
    """`三百五` -> 305; None for what is no such number, as `二〇二四` or `何百`."""
    if not digits or not _CHINESE_NUMBER.fullmatch(digits):
        return None
    return mixed_value(re.sub("(?<![1-9])(?=[十百千])", "1", digits.translate(_DIGITS)))


def _is_ending(details: Sequence[str]) -> bool:
    """Auxiliaries, suffixes and the て of verbs are spoken as part of the word before them."""
    return details[0] == "助動詞" or details[1] in ("接尾", "接続助詞")


def _reading(surface: str, details: Sequence[str]) -> str:
    """How a word is said, in katakana; empty for signs and foreign words."""
    said = details[_PRONUNCIATION_FIELD] if len(details) > _PRONUNCIATION_FIELD else "*"
    if details[0] == "記号":
        return ""
    if said == "*":
        said = surface
    katakana = _in_katakana(said)
    return katakana if _MORA.match(katakana) else ""


def _in_katakana(kana: str) -> str:
    return "".join(chr(ord(sign) + 0x60) if "ぁ" <= sign <= "ゖ" else sign for sign in kana)


def _share_out(phonemes: list[str], owners: Sequence[int], sounds: Sequence[str]) -> None:
    """Give each character of a word its part of the word's morae."""
    for index, sound in enumerate(sounds):
        phonemes[owners[index * len(owners) // len(sounds)]] += sound


def _settle_nasals(phonemes: list[str]) -> list[str]:
    """The syllabic nasal is made where the next sound of its word is; at a word's end the model learnt it plain."""
    settled: list[str] = []
    following = ""
    for spoken in reversed(phonemes):
        sounds = ""
        for sound in reversed(spoken):
            following = _nasal_before(following) if sound == "ɴ" else sound
            sounds = following + sounds
        settled.insert(0, sounds)
    return settled


def _nasal_before(following: str) -> str:
    return next((nasal for nasal, sounds in _TABLE["nasals"].items() if following and following in sounds), "ɴ")
