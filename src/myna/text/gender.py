"""Numerals that agree with the noun behind them: "una casa", "veintiuna páginas", "duas horas", "eine Frau".

No dictionary: endings decide, with the frequent exceptions listed. Before any other noun a numeral stays as it is.
"""

import re

from myna.domain.language import LangCode

_FEMININE: dict[LangCode, re.Pattern[str]] = {
    LangCode.ES_ES: re.compile(
        r"\w*(?:a|as|ción|ciones|sión|siones|dad|dades|tud|tudes|noche|noches|veces|vez|mujeres)"
    ),
    LangCode.PT_BR: re.compile(
        r"\w*(?:a|as|ção|ções|são|sões|dade|dades|gem|gens|mulher|mulheres|noite|noites|vez|vezes|parte|partes)"
    ),
    LangCode.IT_IT: re.compile(r"\w*(?:a|zione|sione|tà|tù|notte|parte|moglie|chiave|classe|torre|luce|voce)"),
    LangCode.FR_FR: re.compile(
        r"\w*(?:tion|sion|té|ée|ette|esse|ance|ence|ure|aison|ine|elle|ille|ude|euse|ière)"
        r"|heure|minute|seconde|fois|personne|semaine|page|place|chambre|voiture|femme|fille|année|livre sterling|tonne"
        r"|demande|étape|vie|ville|rue|porte|table|ligne|lettre|photo|idée|nuit|main|mer|fin"
    ),
    LangCode.DE_DE: re.compile(
        r"[A-ZÄÖÜ]\w*(?:ung|heit|keit|schaft|ion|tät|ie|ur|in|e)|Frau|Uhr|Stadt|Nacht|Hand|Mark|Zahl"
    ),
}
_MASCULINE: dict[LangCode, re.Pattern[str]] = {
    LangCode.ES_ES: re.compile(
        r"(?:d[ií]a|\w*ema|\w*ama|mapa|planeta|idioma|cometa|poeta|turista|euroa?|kilómetro)s?|a|la|las|más|para|era|hasta"
    ),
    LangCode.PT_BR: re.compile(
        r"(?:dia|\w*ema|\w*ama|mapa|planeta|idioma|poeta|grama|quilograma)s?|a|da|das|na|nas|mais|para|era"
    ),
    LangCode.IT_IT: re.compile(r"\w*(?:ema|amma)|giornalista|poeta|pianeta|a|la|da|alla|dalla|era|fa|ma|sarà|città e"),
    LangCode.FR_FR: re.compile(
        r"côté|été|musée|lycée|trophée|comité|député|traité|invité|arrêté|pâté|magazine|domaine|mille|million|gorille"
        r"|silence|bastion|squelette|coude|prélude|cimetière"
    ),
    LangCode.DE_DE: re.compile(r"Ende|Name|Junge|Kollege|Kunde|Euro|Kilo|Termin|Wein|Stein|Jahr|Uhr|Verein|Gewinn"),
}
_ITALIAN_LO = re.compile(r"s[^aeiou]|z|gn|ps|x|y")
_NOUN = re.compile(r"[^\W\d_]+")


def is_feminine(noun: str, lang: LangCode) -> bool:
    """Whether a noun looks feminine, from its ending."""
    if lang not in _FEMININE or not _NOUN.fullmatch(noun):
        return False
    if lang is not LangCode.DE_DE:
        noun = noun.lower()
    if lang is LangCode.FR_FR and noun != "fois":
        noun = noun.removesuffix("s")
    return _FEMININE[lang].fullmatch(noun) is not None and _MASCULINE[lang].fullmatch(noun) is None


def italian_to_the(noun: str) -> str:
    """ "al ", "allo ", "alla " or "all'", as it stands before this noun."""
    if re.match(r"[aeiouh]", noun.lower()):
        return "all'"
    if is_feminine(noun, LangCode.IT_IT):
        return "alla "
    return "allo " if _ITALIAN_LO.match(noun.lower()) else "al "


def agree(numeral: str, noun: str, lang: LangCode) -> str:
    """A cardinal as it stands before this noun.

    numeral: as counted, "veintiuno". noun: the word behind it, singular or plural.
    """
    noun = noun.split(" ", maxsplit=1)[0]
    feminine = is_feminine(noun, lang)
    if lang is LangCode.ES_ES:
        numeral = re.sub(r"(?<=\w)cientos\b|quinientos\b", lambda m: m[0][:-2] + "as", numeral) if feminine else numeral
        if re.search(r"veintiuno$", numeral):
            return numeral.removesuffix("uno") + ("una" if feminine else "ún")
        return re.sub(r"\buno$", "una" if feminine else "un", numeral)
    if lang is LangCode.PT_BR and feminine:
        numeral = re.sub(r"(?<=\w)entos\b", "entas", numeral)
        return re.sub(r"\bum$", "uma", re.sub(r"\bdois$", "duas", numeral))
    if lang is LangCode.IT_IT and numeral == "uno":
        if feminine:
            return "una"
        return "uno" if _ITALIAN_LO.match(noun.lower()) else "un"
    if lang is LangCode.FR_FR and feminine:
        return re.sub(r"\bun$", "une", numeral)
    if lang is LangCode.DE_DE and noun[:1].isupper():
        return re.sub(r"^eins$", "eine" if feminine else "ein", numeral)
    return numeral
