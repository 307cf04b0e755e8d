"""Which language a text is written in: by its script, and for the Latin one by py3langid among the API's languages."""

import re
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from myna.domain.language import CLONE_LANGUAGES, LangCode, parse_lang_code
from myna.text.languages.registry import open_language

_MIN_WORDS = 3
"""One or two words are too often a name, or a word of several languages."""
_MIN_MARKED_WORDS = 2
"""One word with an accent may be a name."""
_SIGNS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MAX_CHARS = 2000
"""A longer text shows its language in its beginning."""


_SURE_WORDS = 8
"""From so many words on names do not matter."""


def detect_text_language(text: str, usual: LangCode | None = None) -> LangCode | None:
    """The language of a text, or None when there is too little to tell.

    usual: what is expected, say the voice's own; a short text is heard in it unless there is evidence against that, so
    that "Van der Berg is here" stays English.
    """
    # control and formatting signs part no words
    sample = _SIGNS.sub("", text[:_MAX_CHARS])
    script, num_script = _count_scripts(sample)
    words = _WORD.findall(sample)
    num_latin = sum(len(word) for word in words if ord(word[0]) < 0x250)
    # a Chinese character says as much as two letters; a brand name does not make a Japanese sentence English
    if num_script and 2 * num_script >= num_latin:
        return script
    guess = _guess_latin(sample, words)
    if guess is None or usual is None or len(words) >= _SURE_WORDS or usual.iso639 == guess.iso639:
        return guess
    return guess if _is_sure(words, guess, usual) else None


def _is_sure(words: list[str], guess: LangCode, usual: LangCode) -> bool:
    """Whether a few words speak more for the guess than for the usual language: by small words, and by letters that
    English does not have."""
    own, foreign = open_language(usual), open_language(guess)
    if not own.common_words or not foreign.common_words:
        return True
    lower = [word.lower() for word in words]
    for_guess = sum(word in foreign.common_words for word in lower)
    for_usual = sum(word in own.common_words for word in lower)
    num_marked = sum(not word.isascii() for word in words)
    is_marked = own.drops_accents and num_marked >= _MIN_MARKED_WORDS
    return for_guess > for_usual or is_marked


def _count_scripts(text: str) -> tuple[LangCode | None, int]:
    counts = {lang: len(signs.findall(text)) for lang, signs in _scripts().items()}
    for lang, count in counts.items():
        borrowed = parse_lang_code(open_language(lang).borrowed_script)
        # Japanese is mostly written with Chinese characters; a few kana give it away
        counts[lang] += counts[borrowed] if borrowed is not None and count else 0
    best = max(counts, key=lambda lang: counts[lang])
    return (best, counts[best]) if counts[best] else (None, 0)


@cache
def _scripts() -> dict[LangCode, re.Pattern[str]]:
    """The signs of each language that is not written with Latin letters."""
    scripts = {lang: open_language(lang).script for lang in CLONE_LANGUAGES}
    return {lang: re.compile(f"[{signs}]") for lang, signs in scripts.items() if signs}


def _guess_latin(text: str, words: list[str]) -> LangCode | None:
    if len(words) < _MIN_WORDS:
        return None
    name, _ = _identifier().classify(text)
    return parse_lang_code(name)


@cache
def _identifier() -> LanguageIdentifier:
    """Reads its table once, a second of work."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages([lang.iso639 for lang in CLONE_LANGUAGES if not open_language(lang).script])
    return identifier
