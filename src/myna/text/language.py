"""Which language a text is written in, from its script and its commonest words."""

from myna.domain.language import LangCode

_SCRIPTS: tuple[tuple[LangCode, tuple[tuple[int, int], ...]], ...] = (
    (LangCode.JA_JP, ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D))),
    (LangCode.KO_KR, ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7AF))),
    (LangCode.ZH_CN, ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x2FA1F))),
    (LangCode.RU_RU, ((0x0400, 0x052F),)),
    (LangCode.AR_SA, ((0x0600, 0x06FF), (0x0750, 0x077F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF))),
    (LangCode.HE_IL, ((0x0590, 0x05FF), (0xFB1D, 0xFB4F))),
    (LangCode.HI_IN, ((0x0900, 0x097F),)),
)


def detect_text_language(text: str) -> LangCode | None:
    """The language of a text, or None when there is too little to tell."""
    counts = dict.fromkeys((lang for lang, _ in _SCRIPTS), 0)
    num_latin = 0
    for sign in text:
        code = ord(sign)
        if code < 0x0250:
            num_latin += sign.isalpha()
            continue
        for lang, ranges in _SCRIPTS:
            if any(low <= code <= high for low, high in ranges):
                counts[lang] += 1
                break
    if counts[LangCode.JA_JP]:
        # Japanese is mostly written with Chinese characters; a few kana give it away.
        counts[LangCode.JA_JP] += counts[LangCode.ZH_CN]
    best = max(counts, key=lambda lang: counts[lang])
    if counts[best] > num_latin:
        return best
    return None
