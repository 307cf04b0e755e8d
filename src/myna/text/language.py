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
_MIN_MARKED_WORDS = 2
"""One word with an accent may be a name."""
_SIGNS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MAX_CHARS = 2000
"""A longer text shows its language in its beginning."""


_SURE_WORDS = 8
"""From so many words on names do not matter."""
_SMALL_WORDS: dict[LangCode, frozenset[str]] = {
    LangCode.EN_US: frozenset(
        "the a an of and or to in is are was were be it its he she we you they i me my your our this that these those "
        "what who how where when why not no yes do does did have has had will would can could at on by for from with "
        "as but if so all there here up out go get let see hello hi please thanks good left met about than".split()
    ),
    LangCode.ES_ES: frozenset(
        "el la los las un una de del y o que qué en es son está están fue no sí con por para su sus mi tu lo le se al "
        "muy más pero como cómo hola buenos buenas gracias hay ya eso esto cuando dónde quién".split()
    ),
    LangCode.FR_FR: frozenset(
        "le la les un une des de du et ou que qui en est sont était ne pas oui non avec par pour sur son sa ses mon ma "
        "je tu il elle nous vous ils ce cette ça au aux très plus mais comme comment bonjour merci dans où suis".split()
    ),
    LangCode.IT_IT: frozenset(
        "il lo la i gli le un una di del della e o che in è sono era non sì con per su suo mio tu io lui lei noi ma "
        "come dove quando chi molto più ciao grazie questo questa al alla ho hai ha".split()
    ),
    LangCode.PT_BR: frozenset(
        "o a os as um uma de do da e ou que em no na é são foi não sim com por para seu sua meu eu você ele ela nós "
        "mas como onde quando quem muito mais olá oi obrigado tudo bem isso este esta ao".split()
    ),
    LangCode.DE_DE: frozenset(
        "der die das ein eine den dem des und oder in ist sind war nicht ja nein mit von zu für auf ich du er sie es "
        "wir ihr mein dein wie was wer wo wann sehr mehr aber hallo danke guten dir mir im am zum bitte".split()
    ),
    LangCode.NL_NL: frozenset(
        "de het een van en of in is zijn was niet ja nee met voor op ik jij hij zij wij je mijn jouw hoe wat wie waar "
        "dat dit maar heel meer hallo dank ben bent heeft te naar".split()
    ),
    LangCode.PL_PL: frozenset(
        "i w z na do nie tak to jest są był się że jak co kto gdzie ja ty on ona my wy mój twój ale bardzo dzień "
        "dobry dziękuję proszę cześć po za od ten ta te".split()
    ),
}
"""The commonest, enough to tell in a short sentence whose grammar it has."""


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
    small = {lang.iso639: own for lang, own in _SMALL_WORDS.items()}
    if usual.iso639 not in small or guess.iso639 not in small:
        return True
    lower = [word.lower() for word in words]
    for_guess = sum(word in small[guess.iso639] for word in lower)
    for_usual = sum(word in small[usual.iso639] for word in lower)
    num_marked = sum(not word.isascii() for word in words)
    is_marked = usual.iso639 == "en" and num_marked >= _MIN_MARKED_WORDS
    return for_guess > for_usual or is_marked


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
