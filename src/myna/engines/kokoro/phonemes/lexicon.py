"""Lexicons of the gruut language packages: a table of words, and a model for the words that are not in it.

Only the packages' data is used. Source of the model's features: gruut 2.4 (MIT), `gruut/g2p.py`.
"""

import base64
import sqlite3
import unicodedata
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pycrfsuite

from myna.engines.kokoro.phonemes.symbols import spell_general_ipa

_NEIGHBOURS = 3
"""Letters on either side that the model looks at."""
_SILENT = "_"


class GruutLexicon:
    """Word -> Kokoro symbols. Not for two threads at a time."""

    def __init__(self, package: str) -> None:
        """package: an installed language package, such as `gruut_lang_fr`."""
        folder = Path(str(files(package)))
        self._table = _open_table(folder / "espeak" / "lexicon.db")
        self._plain_table = _open_table(folder / "lexicon.db")
        self._model = pycrfsuite.Tagger()
        self._model.open(str(folder / "espeak" / "g2p" / "model.crf"))

    def find(self, word: str) -> str | None:
        """What the table says of a lower-case word, with stress marks."""
        return _look_up(self._table, word)

    def find_plain(self, word: str) -> str | None:
        """What the second table says: no stress, but also no consonant that is only heard before a vowel."""
        return _look_up(self._plain_table, word)

    def guess(self, word: str) -> str:
        """What the model makes of the letters of a lower-case word."""
        letters = unicodedata.normalize("NFC", word)
        if not letters:
            return ""
        labels = self._model.tag([_features(letters, index) for index in range(len(letters))])
        phones = [phone for label in labels for phone in _decode(label).split("|") if phone != _SILENT]
        return spell_general_ipa("".join(phones).replace("-", ""))

    def pronounce(self, word: str) -> str:
        """The table's word, or else the model's."""
        found = self.find(word)
        return self.guess(word) if found is None else found


def _open_table(path: Path) -> sqlite3.Connection:
    # immutable: nobody writes into an installed package, so no lock and no journal are needed
    return sqlite3.connect(f"file:{path}?immutable=1", uri=True, check_same_thread=False)


def _look_up(table: sqlite3.Connection, word: str) -> str | None:
    query = "SELECT phonemes FROM word_phonemes WHERE word = ? ORDER BY pron_order LIMIT 1"
    with closing(table.execute(query, (word,))) as rows:
        row = rows.fetchone()
    return spell_general_ipa(str(row[0]).replace(" ", "").replace("-", "")) if row else None


def _features(letters: str, index: int) -> dict[str, str | bool | float]:
    features: dict[str, str | bool | float] = {"bias": 1.0, "grapheme": _encode(letters[index])}
    if index == 0:
        features["begin"] = True
    if index == len(letters) - 1:
        features["end"] = True
    for distance in range(1, _NEIGHBOURS + 1):
        if index >= distance:
            features[f"grapheme-{distance}"] = _encode(letters[index - distance])
        if index + distance < len(letters):
            features[f"grapheme+{distance}"] = _encode(letters[index + distance])
    return features


def _encode(letter: str) -> str:
    return base64.b64encode(letter.encode()).decode()


def _decode(label: str) -> str:
    return base64.b64decode(label.encode()).decode()
