"""Where the stress lies in Russian words: rules on their endings, learnt from a lexicon.

    python training/russian_stress.py GRUUT_LANG_RU

Reads the two lexicons of the package gruut-lang-ru (MIT; half a million word forms: in one stressed vowels are long, the
other, which knows the short words better, has stress marks) and writes
`src/myna/engines/kokoro/shipped/russian_stress.txt.xz`. Each line is an ending and the number of vowels behind the stressed
one, as one digit, or as a letter (a for none) where the stressed vowel is ё though most people write е; a word goes by the longest ending it has, `^` stands for its beginning. An ending is kept where more of its words
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

OUTPUT = Path(__file__).parents[1] / "src" / "myna" / "engines" / "kokoro" / "shipped" / "russian_stress.txt.xz"
HELD_OUT = 50
SHORT_LETTERS = 7
VOWELS = "аеёиоуыэюя"
MARKED_VOWELS = "aeiouyʌɑɪɛɔɵ"
CORRECTIONS = {"себе": 1, "тебе": 1, "жене": 1, "могу": 1, "одно": 1, "потом": 1}
"""Common words that both or the second get wrong."""

Entry = tuple[str, str]
"""A word backwards, `^` at its end; vowels behind the stressed one, as in the file."""


def main(package: Path) -> None:
    entries = sorted(read_entries(package))
    is_held_out = [zlib.crc32(word.encode()) % HELD_OUT == 0 for word, _ in entries]
    known = [entry for entry, is_out in zip(entries, is_held_out, strict=True) if not is_out]
    unknown = [entry for entry, is_out in zip(entries, is_held_out, strict=True) if is_out]
    rules = dict(learn(known))
    for name, part in (("held out", unknown), ("learnt from", known)):
        print(
            f"{name}: {len(part)} words, right {sum(guess(rules, word) == label for word, label in part) / len(part):.4f}"
        )
    rules = dict(learn(entries))
    lines = "\n".join(f"{ending[::-1]}{label}" for ending, label in sorted(rules.items()))
    OUTPUT.write_bytes(lzma.compress(lines.encode(), preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(rules)} endings, {OUTPUT.stat().st_size} bytes")


def read_entries(package: Path) -> Iterator[Entry]:
    with sqlite3.connect(package / "lexicon.db") as table:
        written = {word for (word,) in table.execute("SELECT word FROM word_phonemes")}
    for word, num_behind in read_plain(package):
        if "ё" not in word:
            yield word[::-1] + "^", str(num_behind)
        elif word.replace("ё", "е") not in written:
            yield word.replace("ё", "е")[::-1] + "^", "abcdefghij"[num_behind]


def read_plain(package: Path) -> Iterator[tuple[str, int]]:
    with sqlite3.connect(package / "espeak" / "lexicon.db") as table:
        marked = dict(table.execute("SELECT word, phonemes FROM word_phonemes WHERE pron_order = 0"))
    with sqlite3.connect(package / "lexicon.db") as table:
        for word, phonemes in table.execute("SELECT word, phonemes FROM word_phonemes WHERE pron_order = 0"):
            num_vowels = sum(letter in VOWELS for letter in word)
            if not re.fullmatch(r"[а-яё]+", word) or num_vowels < (1 if "ё" in word else 2):
                continue
            if "ё" in word:
                yield word, sum(letter in VOWELS for letter in word.rpartition("ё")[2])
                continue
            stressed = find_long(phonemes, num_vowels)
            if word in CORRECTIONS:
                stressed = CORRECTIONS[word]
            elif len(word) <= SHORT_LETTERS:
                found = find_mark(marked.get(word, ""), num_vowels)
                stressed = stressed if found is None else found
            if stressed is not None:
                yield word, num_vowels - 1 - stressed


def find_long(phonemes: str, num_vowels: int) -> int | None:
    nuclei = re.findall(r"[aeiouɨ]ː?", phonemes.replace(" ", ""))
    places = [index for index, nucleus in enumerate(nuclei) if nucleus.endswith("ː")]
    return places[0] if len(places) == 1 and len(nuclei) == num_vowels else None


def find_mark(phonemes: str, num_vowels: int) -> int | None:
    before, mark, _ = phonemes.replace(" ", "").partition("ˈ")
    place = len(re.findall(f"[{MARKED_VOWELS}]", before))
    return place if mark and len(re.findall(f"[{MARKED_VOWELS}]", phonemes)) == num_vowels else None


def learn(entries: Sequence[Entry], depth: int = 0, inherited: str = "") -> Iterator[Entry]:
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


def guess(rules: dict[str, str], word: str) -> str:
    return next((rules[word[:length]] for length in range(len(word), -1, -1) if word[:length] in rules), "0")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
