"""Mouth shapes for phones: the small alphabet that the documented service uses (wire-contract.md#timestamps)."""

_GROUPS: dict[str, str] = {
    "aei": "aɑæɐeɛəɜʌɚɝhɦħʔ",
    "ee": "iɪyjʏɨ",
    "o": "oɔɒuʊɯʉøœɤɵɞɶ",
    "bmp": "bmpɸβ",
    "fv": "fvɱʋ",
    "l": "lɫɭʎɬɮ",
    "r": "rɹɾʁʀɻɽ",
    "th": "θð",
    "qw": "wʍɥq",
    "cdgknstxyz": "cdgɡkntsxzʃʒçʝɲŋɴɳɕʑʤʧɟɣɰχʂʐʈɖʦʣ",
}
"""Viseme -> IPA symbols it stands for. Grouped by place of the lips and the tongue that can be seen."""

_VISEME_OF: dict[str, str] = {phone: viseme for viseme, phones in _GROUPS.items() for phone in phones}

SILENCE = "sil"


def viseme_of(phone: str) -> str:
    """The mouth shape of a phone; of its first known symbol if it has several (`tʃ`); `sil` for none."""
    return next((_VISEME_OF[symbol] for symbol in phone if symbol in _VISEME_OF), SILENCE)
