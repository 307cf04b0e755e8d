"""Mouth shapes for phones (wire-contract.md#timestamps): the small alphabet that the documented service writes beside
phones, and OpenXR's fifteen."""

import tomllib
from importlib.resources import files

SILENCE = "sil"

_GROUPS: dict[str, dict[str, str]] = tomllib.loads((files("myna.http") / "visemes.toml").read_text(encoding="utf-8"))
_VISEME_OF, _OPENXR_OF = (
    {phone: viseme for viseme, phones in _GROUPS[alphabet].items() for phone in phones}
    for alphabet in ("documented", "openxr")
)


def viseme_of(phone: str) -> str:
    """The mouth shape of a phone; of its first known symbol if it has several (`tʃ`); `sil` for none."""
    return next((_VISEME_OF[symbol] for symbol in phone if symbol in _VISEME_OF), SILENCE)


def openxr_visemes_of(phone: str) -> tuple[str, ...]:
    """The mouth shapes of a phone, one after the other: two of a diphthong, one of an affricate; none if unknown."""
    shapes = [_OPENXR_OF[symbol] for symbol in phone if symbol in _OPENXR_OF]
    if len(shapes) > 1 and shapes[0] == "DD":
        shapes = shapes[1:]
    return tuple(shape for index, shape in enumerate(shapes) if index == 0 or shape != shapes[index - 1])
