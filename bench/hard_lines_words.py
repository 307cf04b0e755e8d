"""How many words of a line were misheard, where spelling is no fault."""

import re
from itertools import pairwise

from edit_distance import edit_distance
from num2words import num2words

FAIR_SPELLINGS = {
    "aisle": "ill",
    "brigs": "briggs",
    "creek": "creak",
    "dam": "damn",
    "doctor": "dr",
    "gray": "grey",
    "hail": "hale",
    "hear": "here",
    "ii": "two",
    "inspecter": "inspector",
    "knew": "new",
    "know": "no",
    "knot": "not",
    "laying": "lying",
    "mister": "mr",
    "missus": "mrs",
    "miss": "ms",
    "moro": "moreau",
    "morrow": "moreau",
    "neighbor": "neighbour",
    "neighbors": "neighbours",
    "ok": "okay",
    "professor": "prof",
    "right": "write",
    "roan": "rowan",
    "sergeant": "sgt",
    "their": "there",
    "theyre": "there",
    "to": "two",
    "too": "two",
    "whose": "whos",
    "won": "one",
    "youre": "your",
}
"""Words that sound alike, or are abbreviated, are written one way (without apostrophes)."""
_BRACKETED = re.compile(r"\[[^\]]*\]")
"""Stage directions, which Myna does not speak; and what a recogniser writes for a noise."""


def normalise(text: str) -> list[str]:
    """Words in lower case, numbers written out, without signs; what is in round brackets is spoken."""
    plain = _BRACKETED.sub(" ", text).lower().replace("’", "'").replace("'", "")
    spelled = re.sub(r"\d+", lambda number: f" {num2words(int(number.group()))} ", plain)
    return [FAIR_SPELLINGS.get(word, word) for word in re.sub(r"[^a-z]+", " ", spelled).split()]


def count_wrong(wanted: str, heard: str) -> int:
    """Edit distance in words; at most the words of the line, so that a recogniser's loop counts once."""
    said, understood = normalise(wanted), normalise(heard)
    said, understood = _join(said, understood), _join(understood, said)
    return min(edit_distance(said, understood), len(said))


def _join(words: list[str], others: list[str]) -> list[str]:
    """Write in one word what the others write so: "black wood"."""
    for first, second in pairwise(words):
        if first + second in others and first + second not in words:
            place = next(k for k in range(len(words) - 1) if words[k : k + 2] == [first, second])
            return _join([*words[:place], first + second, *words[place + 2 :]], others)
    return words
