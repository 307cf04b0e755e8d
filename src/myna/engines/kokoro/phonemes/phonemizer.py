"""The port between words and phonemes, and which implementation speaks which language."""

from collections.abc import Sequence
from typing import Protocol

from myna.domain.errors import LanguageUnsupported
from myna.domain.language import LangCode
from myna.domain.speech import SpeechToken


class Phonemizer(Protocol):
    """Knows how one language is pronounced."""

    def phonemize(self, tokens: Sequence[SpeechToken]) -> list[str]:
        """Kokoro symbols for each token, its punctuation included; empty for a token without sound.

        The tokens are one sentence or less: how a word sounds may depend on its neighbours.
        """
        ...


def open_phonemizer(lang: LangCode) -> Phonemizer:
    """Load what a language needs (up to seconds, once).

    Raises: LanguageUnsupported.
    """
    if lang in (LangCode.EN_US, LangCode.EN_GB):
        from myna.engines.kokoro.phonemes.english import EnglishPhonemizer  # noqa: PLC0415  (spaCy loads for a second)

        return EnglishPhonemizer(is_british=lang is LangCode.EN_GB)
    raise LanguageUnsupported(f"The kokoro engine has no phonemes for {lang.bcp47}.")
