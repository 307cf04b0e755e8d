"""Opens a language: its file of words, and its class if there is one."""

import re
import tomllib
import unicodedata
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from myna.domain.language import LangCode
from myna.text.languages.language import Language

_NUKTA = {unicodedata.normalize("NFD", sign): sign for sign in map(chr, range(0x958, 0x960))}
_FOLDER = files("myna.text.languages")


@cache
def open_language(code: LangCode) -> Language:
    """One object for each language, thread-safe.

    `de.toml` holds the words, and a table named as the code, `[EN_GB]`, what is otherwise in that country. `shares` is
    another file whose tables it has, too. `de.py`, if there is one, names its class `LANGUAGE`.
    """
    table = _read(code.iso639)
    table |= table.pop(code.value, {})
    # tables that languages share stand before their own
    table |= {name: shared | table.get(name, {}) for name, shared in _read(table.pop("shares", "")).items()}
    # Any: the table's values, each of its field's own type
    fields: dict[str, Any] = {name: _freeze(value) for name, value in table.items() if name not in LangCode.__members__}
    return _class_of(code)(code=code, **fields)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8")) if name else {}


def _class_of(code: LangCode) -> Callable[..., Language]:
    if not (_FOLDER / f"{code.iso639}.py").is_file():
        return Language
    own: Callable[..., Language] = import_module(f"{__package__}.{code.iso639}").LANGUAGE
    return own


def _freeze(value: Any) -> Any:
    if isinstance(value, dict):
        table = {name: _freeze(part) for name, part in value.items()}
        # ड़ is one sign or two
        return {
            re.sub("[कखगजडढफय]\u093c", lambda pair: _NUKTA[pair[0]], name): part for name, part in table.items()
        } | table
    return tuple(value) if isinstance(value, list) else value
