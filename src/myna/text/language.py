"""Which language a text is written in: by its script, and for the Latin one by py3langid among the API's languages."""

import re
from collections import Counter
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from myna.domain.language import LangCode, parse_lang_code

_SCRIPTS: tuple[tuple[LangCode, tuple[tuple[int, int], ...]], ...] = (
    (LangCode.JA_JP, ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D))),
    (LangCode.KO_KR, ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7AF))),
    (LangCode.ZH_CN, ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x2FA1F))),
    (LangCode.RU_RU, ((0x0400, 0x052F),)),
    (LangCode.AR_SA, ((0x0600, 0x06FF), (0x0750, 0x077F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC))),
    (LangCode.HE_IL, ((0x0590, 0x05FF), (0xFB1D, 0xFB4F))),
    (LangCode.HI_IN, ((0x0900, 0x097F),)),
)
_LATIN_LANGUAGES = (
    LangCode.EN_US,
    LangCode.ES_ES,
    LangCode.FR_FR,
    LangCode.IT_IT,
    LangCode.PT_BR,
    LangCode.DE_DE,
    LangCode.NL_NL,
    LangCode.PL_PL,
)
_MIN_WORDS = 3
"""One or two words are too often a name, or a word of several languages."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MAX_CHARS = 2000
"""A longer text shows its language in its beginning."""


def detect_text_language(text: str) -> LangCode | None:
    """The language of a text, or None when there is too little to tell."""
    sample = text[:_MAX_CHARS]
    script, num_script = _count_scripts(sample)
    words = _WORD.findall(sample)
    num_latin = sum(len(word) for word in words if ord(word[0]) < 0x250)
    # a Chinese character says as much as two letters; a brand name does not make a Japanese sentence English
    if num_script and 2 * num_script >= num_latin:
        return script
    return _guess_latin(sample, words)


def _count_scripts(text: str) -> tuple[LangCode | None, int]:
    counts: Counter[LangCode] = Counter()
    for sign in text:
        code = ord(sign)
        if code < 0x0400:
            continue
        for lang, ranges in _SCRIPTS:
            if any(low <= code <= high for low, high in ranges):
                counts[lang] += 1
                break
    if counts[LangCode.JA_JP]:
        # Japanese is mostly written with Chinese characters; a few kana give it away
        counts[LangCode.JA_JP] += counts.pop(LangCode.ZH_CN, 0)
    return counts.most_common(1)[0] if counts else (None, 0)


def _guess_latin(text: str, words: list[str]) -> LangCode | None:
    if len(words) < _MIN_WORDS:
        return None
    name, _ = _identifier().classify(text)
    return parse_lang_code(name)


@cache
def _identifier() -> LanguageIdentifier:
    """Reads its table once, a second of work."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages([lang.iso639 for lang in _LATIN_LANGUAGES])
    return identifier
