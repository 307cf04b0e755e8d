"""Where the stress lies in Russian words: rules on their endings, learnt from a lexicon.

    python training/russian_stress.py GRUUT_LANG_RU/lexicon.db

Reads the lexicon of the package gruut-lang-ru (MIT; half a million word forms, stressed vowels marked long) and writes
`src/myna/engines/kokoro/artefacts/russian_stress.txt.xz`. Each line is an ending and the number of vowels behind the stressed
one, as one digit; a word goes by the longest ending it has, `^` stands for its beginning. An ending is kept where more of its words
go by it than by the shorter one, so that every word of the lexicon comes out right. Every fiftieth word is held out first, to say
how well new words are guessed.
"""

import lzma
import re
import sqlite3
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

OUTPUT = Path(__file__).parents[1] / "src" / "myna" / "engines" / "kokoro" / "artefacts" / "russian_stress.txt.xz"
HELD_OUT = 50
VOWELS = "аеёиоуыэюя"

Entry = tuple[str, int]
"""A word backwards, `^` at its end; vowels behind the stressed one."""


def main(lexicon: Path) -> None:
    entries = sorted(read_entries(lexicon))
    is_held_out = [zlib.crc32(word.encode()) % HELD_OUT == 0 for word, _ in entries]
    known = [entry for entry, is_out in zip(entries, is_held_out, strict=True) if not is_out]
    unknown = [entry for entry, is_out in zip(entries, is_held_out, strict=True) if is_out]
    rules = dict(learn(known))
    for name, part in (("held out", unknown), ("learnt from", known)):
        print(f"{name}: {len(part)} words, right {sum(guess(rules, word) == label for word, label in part) / len(part):.4f}")
    rules = dict(learn(entries))
    lines = "\n".join(f"{ending[::-1]}{label}" for ending, label in sorted(rules.items()))
    OUTPUT.write_bytes(lzma.compress(lines.encode(), preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(rules)} endings, {OUTPUT.stat().st_size} bytes")


def read_entries(lexicon: Path) -> Iterator[Entry]:
    with sqlite3.connect(lexicon) as table:
        for word, phonemes in table.execute("SELECT word, phonemes FROM word_phonemes WHERE pron_order = 0"):
            nuclei = re.findall(r"[aeiouɨ]ː?", phonemes.replace(" ", ""))
            stressed = [index for index, nucleus in enumerate(nuclei) if nucleus.endswith("ː")]
            num_vowels = sum(letter in VOWELS for letter in word)
            is_plain = re.fullmatch(r"[а-я]+", word) is not None
            if is_plain and num_vowels > 1 and len(stressed) == 1 and len(nuclei) == num_vowels:
                yield word[::-1] + "^", num_vowels - 1 - stressed[0]


def learn(entries: Sequence[Entry], depth: int = 0, inherited: int = -1) -> Iterator[tuple[str, int]]:
    """Endings for words that all share their last `depth` letters, sorted."""
    counts = Counter(label for _, label in entries)
    best, right = max(counts.items(), key=lambda item: (item[1], item[0] == inherited))
    ending = entries[0][0][:depth]
    if best != inherited and right > counts[inherited]:
        yield ending, best
        inherited = best
    if len(counts) == 1:
        return
    start = 0
    for index in range(1, len(entries) + 1):
        if index == len(entries) or entries[index][0][depth : depth + 1] != entries[start][0][depth : depth + 1]:
            if entries[start][0][depth : depth + 1]:
                yield from learn(entries[start:index], depth + 1, inherited)
            start = index


def guess(rules: dict[str, int], word: str) -> int:
    return next((rules[word[:length]] for length in range(len(word), -1, -1) if word[:length] in rules), 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
