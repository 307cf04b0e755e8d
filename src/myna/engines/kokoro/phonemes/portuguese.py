"""Portuguese as spoken in Brazil, by rule.

The written accents say where the stress lies; open and closed e and o are guessed from the endings.
Source of the rules: Cristófaro Silva, Fonética e fonologia do português (2017), chapters 3 and 4.
"""

import re
import unicodedata
from collections.abc import Sequence

from myna.engines.kokoro.phonemes.spaced import Word
from myna.engines.kokoro.phonemes.spelling import LetterRules, Nuclei, find_nuclei, spell_out
from myna.engines.kokoro.phonemes.tables import read_table

_VOWELS = "aeiouáéíóúâêôãõàüy"
_MARKED = "áéíóúâêôãõ"
_BASE = str.maketrans("áéíóúâêôãõàüy", "aeiouaeoaoaui")
_TABLE = read_table("portuguese")
_WHOLE_WORDS = _TABLE["whole_words"]
_CONSONANTS, _SILENT_U, _NUCLEI = (LetterRules(_TABLE[name]) for name in ("consonants", "silent_u", "nuclei"))
_X_AS_KS = re.compile(r"(?:tax|táx|fix|sex|tóx|tox|ox[ií]|nex|flex|plex|lex|max(?=[ai]l)|reflex|conex)")
_X_AS_S = re.compile(r"(?:próx|prox|máx|máxi|sintax|trouxe|auxí|auxil)")
_SOUNDED_U = re.compile(r"(?:sequ[eê]n|frequ[eê]n|cinquen|tranqu|lingui|aguent|bilíngu|eloqu)")
_OPEN_ENDINGS = re.compile(
    r"(?:[eo]rr?[^aeiou]?|el|ol|[eo]st)[aeo]s?$|(?:el|os|or|ov|eg|og|ol)as?$|[eo]ls?$|elh[oa]s?$|ovem$"
)
_VOWEL_SOUNDS, _VOICED_SOUNDS = "aeiouæɛɔɐʊũAIOWYy", "bdɡvzʒʤmnlɾrxjw"
_BEFORE_VOWEL = {"r": "ɾ", "y": "j", "ʊ": "w"}
"""How the last sound of a word changes where a vowel follows."""
_OPEN_WORDS = re.compile(r"^(?:mai|melh|men|pi|su)or(?:es)?$|^[nv]oss[oa]s?$|^posso$|^[dn]?essas?$")
_CLOSED_WORDS = re.compile(
    r"^[dn]?(?:aqu)?ele?s?$|^[dn]?es[st]es?$|^verdes?$|^cercas?$|^forças?$|or[cdnptv]o$|"
    r"(?:cab|g|mod|cam|cotov|tornoz|z|ap|s|pesad|nov|p)elo$"
)


class PortuguesePronunciation:
    """Implements `Pronunciation`."""

    def pronounce(self, words: Sequence[Word]) -> list[str]:
        spoken = [pronounce_word(word.text) for word in words]
        for index, word in enumerate(words[:-1]):
            following = spoken[index + 1].lstrip("ˈˌ")[:1]
            if not word.is_last and following:
                spoken[index] = _run_on(spoken[index], following)
        return spoken


def _run_on(spoken: str, following: str) -> str:
    """The end of a word before the first sound of the next, without a pause between."""
    if spoken.endswith("s") and following in _VOWEL_SOUNDS + _VOICED_SOUNDS:
        return spoken[:-1] + "z"
    if spoken[-1:] in _BEFORE_VOWEL and len(spoken) > 1 and following in _VOWEL_SOUNDS:
        return spoken[:-1] + _BEFORE_VOWEL[spoken[-1]]
    return spoken


def pronounce_word(word: str) -> str:
    """One word, in lower case."""
    word = unicodedata.normalize("NFC", word).replace("'", "")
    if word in _WHOLE_WORDS:
        return _WHOLE_WORDS[word]
    nuclei = _find_nuclei(word)
    stressed = _stressed_nucleus(word, nuclei)
    is_light = word in _TABLE["unstressed"]

    def say_nucleus(index: int) -> tuple[str, int]:
        is_stressed = index == stressed
        is_final = index == len(nuclei) - 1 and not is_stressed
        onset, vowel, end = _read_nucleus(word, *nuclei[index], is_stressed=is_stressed, is_final=is_final or is_light)
        return onset + ("ˈ" if is_stressed and not is_light else "") + vowel, end

    sounds = spell_out(word, nuclei, say_nucleus, lambda position, _: _read_consonant(word, position))
    # the vocabulary has the tilde as a sign of its own
    return unicodedata.normalize("NFD", sounds)


def _find_nuclei(word: str) -> Nuclei:
    is_sounded = _SOUNDED_U.search(word) is not None
    silent = set() if is_sounded else {match.start() + 1 for match in re.finditer(r"[qg]u(?=[eiéíê])", word)}
    return find_nuclei(word, _VOWELS, silent, _joins)


def _joins(word: str, start: int, end: int) -> bool:
    """Whether the vowel at `end` belongs to the syllable that begins at `start`."""
    first, following = word[start:end], word[end]
    if first[-1] in "ãõ":
        return following in "oei"
    if first == "u" and start > 0 and word[start - 1] in "qg":
        return True
    if following in "iuy" and len(first.translate(_BASE)) < 3:
        is_before_coda = word[end + 1 : end + 2] in ("l", "r", "z", "m", "n") and word[end + 2 : end + 3] not in tuple(
            _VOWELS
        )
        is_before_nh = word.startswith("nh", end + 1)
        same = first[-1].translate(_BASE) == following
        is_glide_alone = first in ("i", "u") and following != "i"
        return not (
            same or is_before_nh or (is_before_coda and following == "i" and first[-1] in "aou") or is_glide_alone
        )
    is_final_hiatus = end == len(word) - 1 or (end == len(word) - 2 and word[-1] == "s")
    has_accent_before = any(sign in _MARKED for sign in word[:start])
    return first in ("i", "u", "e", "o") and following in "aeo" and is_final_hiatus and has_accent_before


def _stressed_nucleus(word: str, nuclei: Nuclei) -> int:
    if not nuclei:
        return -1
    for signs in ("áéíóúâêô", "ãõ"):
        marked = [k for k, (start, end) in enumerate(nuclei) if any(sign in signs for sign in word[start:end])]
        if marked:
            return marked[-1]
    is_penultimate = re.search(r"(?:[aeo]s?|am|em|ens)$", word) is not None
    last = len(nuclei) - 1
    ends_in_glide = len(word[nuclei[-1][0] : nuclei[-1][1]]) > 1 and word[nuclei[-1][1] - 1] in "iu"
    return max(0, last - 1) if is_penultimate and not ends_in_glide else last


def _read_nucleus(word: str, start: int, end: int, *, is_stressed: bool, is_final: bool) -> tuple[str, str, int]:
    """Glide before, vowel, and where reading goes on (a nasal or l that the vowel swallows is taken along)."""
    written, onset = word[start:end], ""
    if len(written) > 1 and written[0] == "u" and start > 0 and word[start - 1] in "qg":
        onset, written = "w", written[1:]
    elif re.fullmatch("[ieuo].*[aeo]", written) and written != "oe":
        onset, written = ("j" if written[0] in "ie" else "w"), written[1:]
    if is_stressed and written in ("e", "o") and _is_open_by_ending(word, start):
        written = {"e": "é", "o": "ó"}[written]
    marks = ("˘" if is_final else "") + ("ˈ" if is_stressed else "")
    found = _NUCLEI.read(f"{marks}{written}·{word[end:]}", len(marks))
    if found is None:
        return onset, written.translate(_BASE), end
    return onset, found[0], end + found[1] - len(f"{marks}{written}·")


def _is_open_by_ending(word: str, start: int) -> bool:
    """Whether a stressed e or o without an accent is open, as far as endings tell."""
    if _OPEN_WORDS.search(word):
        return True
    if _CLOSED_WORDS.search(word) or re.search(r"or(?:es)?$|oso", word):
        return False
    return _OPEN_ENDINGS.search(word[start:]) is not None


def _read_consonant(word: str, position: int) -> tuple[str, int]:
    """The sound of the consonant at a place, and where the next letter is."""
    if word[position] == "x" and not word.startswith(("xce", "xci"), position):
        return _read_x(word, position), position + 1
    found = None if _SOUNDED_U.search(word) else _SILENT_U.read(word, position)
    return found or _CONSONANTS.read(word, position) or ("", position + 1)


def _read_x(word: str, position: int) -> str:
    following = word[position + 1 : position + 2]
    if following == "" or _X_AS_KS.match(word[max(0, position - 2) :]) or _X_AS_KS.search(word[: position + 2]):
        return "ks"
    if _X_AS_S.search(word):
        return "s"
    if word[:position].endswith(("e", "ê", "é")) and position <= 2 and word[0] in "eêé":
        return "z" if following in tuple(_VOWELS) else "s"
    return "ʃ" if following in tuple(_VOWELS) else "s"
