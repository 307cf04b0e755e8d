"""Which language a text is written in: by its script, and for the Latin one by py3langid among the API's languages."""

import re
from copy import copy
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from myna.domain.language import CLONE_LANGUAGES, LangCode, parse_lang_code
from myna.text.languages.registry import open_language
from myna.text.rules import any_of
from myna.text.widths import fold_widths

_MIN_WORDS = 3
"""One or two words are too often a name, or a word of several languages."""
_MIN_MARKED_WORDS = 2
"""One word with an accent may be a name."""
_SIGNS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_PARTICLES = frozenset("de la las los el le les du da di do dos das der die des den van von del della il y e".split())
"""Small words that names have inside or before them."""
_MAX_CHARS = 2000
"""A longer text shows its language in its beginning."""
_SURE_WORDS = 8
"""From so many words on names do not matter."""
_LIKELY = 0.5
_CERTAIN = 0.98
_CERTAINLY_CHINESE = 0.93
"""Japanese headlines without kana stay below, as py3langid sees them."""
_JAPANESE = re.compile("平成|昭和|令和|第[一二三四五六七八九十]+回|安全第一|株式会社|目的|[駅様円]")
"""What stands in Japanese without kana more often than in Chinese."""


_CHINESE = re.compile("[我他她你是的好很气]")
_MAX_WORD_CHARS = 3
"""So few Chinese characters are no evidence: 工事中."""


def detect_text_language(text: str, usual: LangCode | None = None) -> LangCode | None:
    """The language of a text, or None when there is too little to tell.

    usual: what is expected, say the voice's own; a short text is heard in it unless there is evidence against that, so
    that "Van der Berg is here" and "C'est la vie" stay English, and 東京大学 Japanese.
    """
    # control and formatting signs part no words
    sample = _SIGNS.sub("", fold_widths(text[:_MAX_CHARS]))
    script, num_script = _count_scripts(sample)
    words = _WORD.findall(sample)
    num_latin = sum(len(word) for word in words if ord(word[0]) < 0x250)
    # a Chinese character says as much as two letters; a brand name does not make a Japanese sentence English
    is_mixed = script is not None and script is usual and len(words) < _SURE_WORDS  # चलो, let's go
    if script is not None and (is_mixed or 2 * num_script >= num_latin):
        return usual if usual is not None and _is_borrowed(sample, script, usual) else script
    if usual is not None and len(words) < _SURE_WORDS:
        sample = _borrowed_phrases(usual).sub(" ", sample)
        words = _WORD.findall(sample)
    if len(set(map(str.lower, words))) < _MIN_WORDS:
        return None  # "Tra la la" is no language
    name, likelihood = _identifier().classify(sample)
    guess = parse_lang_code(name)
    if guess is None or usual is None or len(words) >= _SURE_WORDS or usual.iso639 == guess.iso639:
        return guess
    return guess if _is_sure(words, guess, usual, float(likelihood)) else None


def _is_sure(words: list[str], guess: LangCode, usual: LangCode, likelihood: float) -> bool:
    """Whether a few words speak more for the guess than for the usual language: by small words, and by letters that
    English does not have."""
    own, foreign = open_language(usual), open_language(guess)
    for_guess = [index for index, word in enumerate(words) if word.lower() in foreign.common_words]
    if not own.common_words:
        return likelihood >= _CERTAIN or any(len(words[index]) > 1 for index in for_guess)
    if likelihood < _CERTAIN:
        # "Oscar de la Renta": what stands before a capital is part of a name
        for_guess = [index for index in for_guess if not _is_in_name(words, index)]
    for_usual = [word for word in words if word.lower() in own.common_words]
    num_marked = len({word.lower() for word in words if not word.isascii()})
    is_sentence = any(word.islower() for word in words)
    is_marked = (
        own.drops_accents and is_sentence and num_marked >= _MIN_MARKED_WORDS and len(for_usual) < _MIN_MARKED_WORDS
    )
    is_plain = likelihood >= _CERTAIN and not for_usual and sum(word.islower() for word in words) > 1
    return (likelihood >= _LIKELY and len(for_guess) > len(for_usual)) or is_marked or is_plain


def _is_in_name(words: list[str], index: int) -> bool:
    following = next((word for word in words[index + 1 :] if word.lower() not in _PARTICLES), "")
    return words[index].lower() in _PARTICLES and following[:1].isupper()


def _is_borrowed(text: str, script: LangCode, usual: LangCode) -> bool:
    """Whether a text in the signs of one language can be the usual one, which borrows them: 大丈夫, but not 我们."""
    if parse_lang_code(open_language(usual).borrowed_script) is not script:
        return False
    signs = "".join(_scripts()[script].findall(text))
    if not _is_in(signs, "shift_jis"):
        return False
    # 公園 is 公园 in China
    if not _CHINESE.search(text) and (len(signs) <= _MAX_WORD_CHARS or not _is_in(signs, "gb2312")):
        return True
    name, likelihood = _identifier(script, usual).classify(text)
    return _JAPANESE.search(text) is not None or name == usual.iso639 or float(likelihood) < _CERTAINLY_CHINESE


def _is_in(signs: str, charset: str) -> bool:
    try:
        signs.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


@cache
def _borrowed_phrases(lang: LangCode) -> re.Pattern[str]:
    """What its speakers say in the words of another language."""
    return re.compile(rf"(?<!\w)(?:{any_of(open_language(lang).borrowed_phrases) or '(?!)'})(?!\w)", re.IGNORECASE)


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


@cache
def _identifier(*langs: LangCode) -> LanguageIdentifier:
    """Tells these languages apart, or without any those of the Latin alphabet. The first reads a table: a second."""
    if langs:
        identifier = copy(_identifier())
    else:
        langs = tuple(lang for lang in CLONE_LANGUAGES if not open_language(lang).script)
        identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([lang.iso639 for lang in langs])
    return identifier
