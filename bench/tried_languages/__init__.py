"""Phonemes of languages that were tried with the embedded engine and are not offered: docs/lab/languages.md has the
figures.

They need packages that Myna does not. Install them beside it, without what they depend on:
gruut-lang-de 2.0.1, gruut-lang-nl 2.0.2 (MIT), text2tashkeel 0.1.0 (Apache-2.0), g2p2 0.2.3 and g2p2-group-semitic 0.2.3 (MIT).
"""

from myna.domain.language import LangCode
from myna.engines.kokoro.phonemes.spaced import Phonemizer, SpacedPhonemizer


def open_tried(lang: LangCode) -> Phonemizer:
    """Raises: ModuleNotFoundError without the language's package."""
    match lang:
        case LangCode.DE_DE | LangCode.NL_NL:
            from tried_languages.germanic import DUTCH, GERMAN, GermanicPronunciation

            return SpacedPhonemizer(GermanicPronunciation(GERMAN if lang is LangCode.DE_DE else DUTCH))
        case LangCode.KO_KR:
            from tried_languages.korean import KoreanPronunciation

            return SpacedPhonemizer(KoreanPronunciation())
        case LangCode.AR_SA:
            from text2tashkeel import Diacritizer

            from tried_languages.arabic import ArabicPronunciation

            return SpacedPhonemizer(ArabicPronunciation(Diacritizer().diacritize))
        case LangCode.HE_IL:
            from tried_languages.hebrew import HebrewPronunciation

            return SpacedPhonemizer(HebrewPronunciation())
        case _:
            raise ValueError(f"{lang.bcp47} was not tried")
