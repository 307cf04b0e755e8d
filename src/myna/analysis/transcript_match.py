"""Whether two transcripts can be of one recording."""

import unicodedata
from difflib import SequenceMatcher


def measure_match(first: str, second: str) -> float:
    """How much of two texts agrees, letter by letter: 0 nothing, 1 all. Case, punctuation and spaces do not count."""
    return SequenceMatcher(None, _letters(first), _letters(second), autojunk=False).ratio()


def _letters(text: str) -> str:
    """Letters and digits only, without accents."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in decomposed if char.isalnum())
