"""What a new voice says first, so that it can be compared with the recording and heard for its clarity."""

from myna.domain.language import LangCode

_TEXTS = {
    "en": (
        "Stand back! Who goes there? "
        "The old lighthouse keeper walked slowly along the shore, watching the grey waves break over the rocks."
    ),
    "es": "El viejo farero caminaba despacio por la orilla, mirando las olas grises romper sobre las rocas.",
    "fr": "Le vieux gardien du phare marchait lentement le long du rivage en regardant les vagues grises.",
    "it": "Il vecchio guardiano del faro camminava lentamente lungo la riva, guardando le onde grigie.",
    "pt": "O velho faroleiro caminhava devagar pela margem, olhando as ondas cinzentas quebrarem nas rochas.",
    "hi": "बूढ़ा पहरेदार धीरे धीरे किनारे पर चल रहा था और लहरों को देख रहा था।",
    "ja": "年老いた灯台守は、灰色の波を見ながら、岸辺をゆっくり歩いていました。",
    "zh": "年老的守塔人沿着海岸慢慢地走，看着灰色的海浪拍打岩石。",
    "pl": "Stary latarnik szedł powoli wzdłuż brzegu, patrząc, jak szare fale rozbijają się o skały.",
    "ru": "Старый смотритель маяка медленно шёл вдоль берега и смотрел, как серые волны бьются о скалы.",
}
"""By language, five to seven seconds. English begins with two short lines: they show what calm sentences hide."""


def trial_text(lang: LangCode) -> str:
    """Empty for a language that has none."""
    return _TEXTS.get(lang.iso639, "")
