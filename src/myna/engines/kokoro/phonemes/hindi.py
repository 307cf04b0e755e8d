"""Hindi, by rule: Devanagari says every sound but where its inherent vowel falls silent and where the stress lies.

Source of the rules: Ohala, Aspects of Hindi Phonology (1983), chapter 4, for the vowel that falls silent; Pandey,
Hindi schwa deletion (1990), for the weight of syllables.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from myna.engines.kokoro.phonemes.spaced import Word
from myna.engines.kokoro.phonemes.tables import read_table

_TABLE = read_table("hindi")
_CONSONANTS = _TABLE["consonants"]
_VIRAMA, _DOT, _ANUSVARA, _CHANDRABINDU, _VISARGA = "्", "़", "ं", "ँ", "ः"
_SONORANTS = frozenset("ɾ ʋ l m n ɳ".split())
"""Cannot end a word behind another consonant without a vowel."""
_TILDE = "\u0303"


@dataclass(slots=True)
class _Unit:
    """A consonant or none, and the vowel behind it or none."""

    consonant: str
    vowel: str
    is_inherent: bool = False
    nasal: str = ""
    """Tilde for a nasal vowel; a nasal consonant that stands before the next one."""


class HindiPronunciation:
    """Implements `Pronunciation`."""

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        return [pronounce_word(word.text) for word in words]


def pronounce_word(word: str) -> str:
    """One word in Devanagari; signs of other scripts are skipped."""
    units = _read_units(unicodedata.normalize("NFD", word))
    _silence_schwas(units)
    _place_nasals(units)
    stressed = None if unicodedata.normalize("NFC", word) in _TABLE["unstressed"] else _find_stress(units)
    sounds = ""
    for index, unit in enumerate(units):
        vowel = unit.vowel
        if vowel == "iː" and index == len(units) - 1 and len(units) > 1:
            vowel = "i"
        if vowel == "ə" and index == stressed:
            vowel = "ʌ"
        if unit.nasal == _TILDE:
            vowel = vowel if vowel in ("eː", "ɛː", "oː") else vowel.rstrip("ː")
            vowel = vowel.replace("ː", "") + _TILDE + ("ː" if vowel == "eː" else "")
        has_coda_r = unit.consonant == "ɾ" and not unit.vowel and index + 1 < len(units)
        sounds += ("r" if has_coda_r else unit.consonant) + ("ˈ" if index == stressed and vowel else "") + vowel
        sounds += unit.nasal if unit.nasal != _TILDE else ""
    for written, spoken in _TABLE["clusters"].items():
        sounds = sounds.replace(written, spoken)
    return sounds


def _read_units(word: str) -> list[_Unit]:
    units: list[_Unit] = []
    for sign in word:
        if sign in _CONSONANTS:
            units.append(_Unit(_CONSONANTS[sign], "ə", is_inherent=True))
        elif sign in _TABLE["vowels"]:
            units.append(_Unit("", _TABLE["vowels"][sign]))
        elif not units:
            continue
        elif sign in _TABLE["signs"]:
            units[-1].vowel, units[-1].is_inherent = _TABLE["signs"][sign], False
        elif sign == _VIRAMA:
            units[-1].vowel, units[-1].is_inherent = "", False
        elif sign == _DOT:
            plain = next((key for key, sound in _CONSONANTS.items() if sound == units[-1].consonant), "")
            units[-1].consonant = _TABLE["with_dot"].get(plain, units[-1].consonant)
        elif sign in (_ANUSVARA, _CHANDRABINDU):
            units[-1].nasal = _TILDE if sign == _CHANDRABINDU else "?"
        elif sign == _VISARGA:
            units.append(_Unit("h", ""))
    return units


def _silence_schwas(units: list[_Unit]) -> None:
    """The inherent vowel falls silent at the end of a word, and between two consonants that have vowels beside them."""
    if len(units) > 1 and units[-1].is_inherent and not units[-1].nasal:
        has_cluster = not units[-2].vowel
        is_kept = has_cluster and (
            units[-1].consonant == "j" or (units[-1].consonant in _SONORANTS and units[-2].consonant != "ɾ")
        )
        if not is_kept:
            units[-1].vowel = ""
    for index in range(len(units) - 2, 0, -1):
        unit, before, after = units[index], units[index - 1], units[index + 1]
        if unit.is_inherent and not unit.nasal and before.vowel and after.vowel and after.consonant:
            unit.vowel = ""


def _place_nasals(units: list[_Unit]) -> None:
    """The dot above is the nasal of the consonant that follows, or else makes the vowel nasal."""
    for index, unit in enumerate(units):
        if unit.nasal == "?":
            following = units[index + 1].consonant[:1] if index + 1 < len(units) else ""
            unit.nasal = _TABLE["nasals"].get(following, "n" if following else _TILDE)


def _find_stress(units: list[_Unit]) -> int | None:
    """The last heavy syllable but the final one; a final one of long vowel and consonant; else the first."""
    nuclei = [index for index, unit in enumerate(units) if unit.vowel]
    if not nuclei:
        return None
    last = nuclei[-1]
    has_coda = last < len(units) - 1
    if has_coda and units[last].vowel.endswith("ː"):
        return last
    for index in reversed(nuclei[:-1]):
        is_closed = index + 1 < len(units) and not units[index + 1].vowel
        if (
            units[index].vowel.endswith("ː")
            or (is_closed and units[index].vowel != "ə")
            or units[index].nasal not in ("", _TILDE)
        ):
            return index
    return nuclei[0]
