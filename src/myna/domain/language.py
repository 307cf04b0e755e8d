"""Languages of the API and their spellings: enum (`EN_US`), BCP-47 (`en-US`), bare ISO 639-1 (`en`)."""

from enum import StrEnum

from myna.domain.errors import LanguageUnsupported


class LangCode(StrEnum):
    """The Voice API's languages, and `EN_GB`: the engine has that accent, and BCP-47 `en-GB` arrives in requests."""

    EN_US = "EN_US"
    EN_GB = "EN_GB"
    ZH_CN = "ZH_CN"
    KO_KR = "KO_KR"
    JA_JP = "JA_JP"
    RU_RU = "RU_RU"
    IT_IT = "IT_IT"
    ES_ES = "ES_ES"
    PT_BR = "PT_BR"
    DE_DE = "DE_DE"
    FR_FR = "FR_FR"
    AR_SA = "AR_SA"
    PL_PL = "PL_PL"
    NL_NL = "NL_NL"
    HI_IN = "HI_IN"
    HE_IL = "HE_IL"

    @property
    def bcp47(self) -> str:
        """`en-US` for `EN_US`."""
        language, region = self.value.split("_")
        return f"{language.lower()}-{region}"

    @property
    def iso639(self) -> str:
        """`en` for `EN_US`."""
        return self.value.split("_")[0].lower()


UNSPACED_LANGUAGES = frozenset({LangCode.JA_JP, LangCode.ZH_CN})
"""Written without spaces between words."""

CLONE_LANGUAGES: tuple[LangCode, ...] = tuple(code for code in LangCode if code is not LangCode.EN_GB)
"""The fifteen languages of the clone request."""

_AUTOMATIC = frozenset({"", "AUTO", "UND"})
_BY_ISO639 = {code.iso639: code for code in CLONE_LANGUAGES} | {"iw": LangCode.HE_IL}


def parse_lang_code(spelling: str | None, field: str = "langCode") -> LangCode | None:
    """Any spelling; None for "detect it" and names that end in `_UNSPECIFIED`. Case and `_`/`-` do not matter; an
    unknown region is its language (`es-MX` is `ES_ES`), as user interfaces call it. field: for the message. Raises:
    LanguageUnsupported."""
    if spelling is None:
        return None
    name = spelling.strip().replace("-", "_").upper()
    if name in _AUTOMATIC or name.endswith("_UNSPECIFIED"):
        return None
    if name in LangCode.__members__:
        return LangCode[name]
    language = _BY_ISO639.get(name.split("_")[0].lower())
    if language is None or not name.replace("_", "").isalnum():
        known = ", ".join(code.value for code in CLONE_LANGUAGES)
        raise LanguageUnsupported(f"{field} is not a known language. Use one of {known}, or AUTO to detect it.")
    return language
