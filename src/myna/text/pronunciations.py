"""Words of a text that a pronunciation dictionary has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from myna.domain.language import UNSPACED_LANGUAGES, LangCode
from myna.domain.pronunciation import WORD, fold_word
from myna.text.languages.registry import open_language

_HISSING, _VOICELESS = "szʃʒʧʤ", "ptkfθ"


@dataclass(frozen=True, slots=True)
class OwnWord:
    start: int
    end: int
    ipa: str


@dataclass(frozen=True)
class OwnWords:
    """What dictionaries say of one language."""

    words: Mapping[str, str]
    """Folded word -> IPA."""
    lang: LangCode

    def find(self, text: str, start: int, end: int) -> Iterator[OwnWord]:
        """Those in text[start:end], in order, never overlapping; of several that begin at one place the longest."""
        if not self.words:
            return
        if self.lang in UNSPACED_LANGUAGES:
            yield from self._find_unspaced(text, start, end)
            return
        for match in WORD.finditer(text, start, end):
            yield from self._look_up(match[0], match.start())

    def _look_up(self, word: str, start: int) -> Iterator[OwnWord]:
        ipa = self.words.get(fold_word(word))
        tail = open_language(self.lang).possessive
        if ipa is None and tail and len(word) > len(tail) and fold_word(word[-len(tail) :]) == tail:
            ipa = self.words.get(fold_word(word[: -len(tail)]))
            ipa = ipa and ipa + _possessive(ipa)
        if ipa is not None:
            yield OwnWord(start, start + len(word), ipa)
        elif "-" in word:
            for part in word.split("-"):
                yield from self._look_up(part, start)
                start += len(part) + 1

    @cached_property
    def _lengths(self) -> Mapping[str, list[int]]:
        """Of the words with that first character, the longest first."""
        lengths: dict[str, set[int]] = {}
        for word in self.words:
            lengths.setdefault(word[0], set()).add(len(word))
        return {first: sorted(found, reverse=True) for first, found in lengths.items()}

    def _find_unspaced(self, text: str, start: int, end: int) -> Iterator[OwnWord]:
        position = start
        while position < end:
            for length in self._lengths.get(fold_word(text[position])[:1], ()):
                last = position + length
                ipa = self.words.get(fold_word(text[position:last])) if last <= end else None
                if ipa is not None and not _cuts_word(text, position) and not _cuts_word(text, last):
                    yield OwnWord(position, last, ipa)
                    position = last
                    break
            else:
                position += 1


def _cuts_word(text: str, position: int) -> bool:
    """Whether the place is inside a word in Latin letters."""
    around = text[max(0, position - 1) : position + 1]
    return 0 < position < len(text) and around.isascii() and around.isalnum()


def _possessive(ipa: str) -> str:
    """How the English 's sounds behind a word."""
    last = next((sign for sign in reversed(ipa) if sign.isalpha() and sign not in "ːˑʰʲʷ"), "")
    return "ɪz" if last in _HISSING else "s" if last in _VOICELESS else "z"
