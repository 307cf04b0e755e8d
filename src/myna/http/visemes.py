"""Mouth shapes for phones (wire-contract.md#timestamps): the small alphabet that the documented service writes beside
phones, and OpenXR's fifteen."""

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


_OPENXR_GROUPS: dict[str, str] = {
    "PP": "pbmɸβ",
    "FF": "fvɱʋ",
    "TH": "θð",
    "DD": "tdʈɖɾɽ",
    "kk": "kgɡŋɴqxɣχɰhɦħʔcɟç",
    "CH": "ʃʒɕʑʂʐʤʧʝʨʥꭧ",
    "SS": "szʦʣ",
    "nn": "nɳɲlɫɭʎɬɮ",
    "RR": "rɹɻʁʀɚɝ",
    "aa": "aɑæɐʌɶ",
    "E": "eɛəɜɞ",
    "ih": "iɪɨj",
    "oh": "oɔɒɤøœɵ",
    "ou": "uʊɯʉyʏwʍɥ",
}
"""`XrFaceTrackingVisemeMETA` of OpenXR's XR_META_face_tracking_visemes, by the names of Oculus Lipsync -> IPA symbols.
Sources: Oculus Lipsync's viseme reference, which follows MPEG-4 (ISO/IEC 14496-2), for the sounds that it has; Amazon
Polly's tables of phonemes and visemes for h, ŋ, ɾ and j. The other languages' sounds are put to the nearest of these by
place, and vowels by the rounding of the lips."""

_OPENXR_OF: dict[str, str] = {phone: viseme for viseme, phones in _OPENXR_GROUPS.items() for phone in phones}


def openxr_visemes_of(phone: str) -> tuple[str, ...]:
    """The mouth shapes of a phone, one after the other: two of a diphthong, one of an affricate; none if unknown."""
    shapes = [_OPENXR_OF[symbol] for symbol in phone if symbol in _OPENXR_OF]
    if len(shapes) > 1 and shapes[0] == "DD":
        shapes = shapes[1:]
    return tuple(shape for index, shape in enumerate(shapes) if index == 0 or shape != shapes[index - 1])
