"""Inline markup in text to be spoken: pauses, phonemes between slashes, steering. Finds it, never speaks it.

What clients send is in wire-contract.md#speech. Anything that looks like a tag is taken for one and left
unspoken: reading `<prosody rate="slow">` aloud is the worse mistake. `x<y and a>b` does not look like one, and in
brackets stand instructions ("[whispering]", "[in a low voice]") as well as what an editor put in ("[the president]").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from myna.text.languages.language import Language
from myna.text.rules import read_grammar

MAX_BREAK_S = 10.0
"""Longer pauses are cut to this."""

MAX_BREAKS_S = 160.0
"""The pauses of one text are cut to this, all together: the last ones fall away. More than stock clients ever ask for,
who count a second of pause as 12 characters and send at most 1900 of them at a time (wire-contract.md#chunking); and,
as 48 kHz LINEAR16, still under the 16 MB of a whole reply (wire-contract.md#speech)."""


@dataclass(frozen=True, slots=True)
class MarkupPiece:
    """A stretch of the caller's text and what it is: speech, unless one of the fields says otherwise."""

    start: int
    end: int
    is_silent: bool = False
    """Not to be spoken: a tag, or an instruction in brackets."""
    pause_s: float = 0.0
    """Silence asked for here, seconds."""
    ipa: str = ""
    """Phonemes to be spoken in place of the stretch."""


_IPA_SIGNS = "ɑæɐɒʌəɚɛɜɝɞɪɨɔʊʉøœɶɵɤɯβɓɕðɖɗɟɡɠɢʛɣɥɦħɧɬɫɭɮʎɱŋɳɲɴɸʁʀɹɻɾɽɺʂʃʈθʋⱱʍχʏʐʒʔʕʡʢˈˌːˑ̩̃ʰʲʷʤʧʣʦ"
_MARKUP = re.compile(
    r"""
    (?P<break>  <\s*break\b (?P<attributes>[^<>]{0,200}?) /?\s*> (?:\s*</\s*break\s*>)? )
  | (?P<tag>    </?[A-Za-z][\w:.-]{0,40}
                (?:\s+[\w:.-]{1,40}\s*=\s*(?:"[^"<>]{0,200}"|'[^'<>]{0,200}'|[^\s"'<>]{1,100})){0,12}\s*/?>
              | (?<!\w)</?[A-Za-z]{2}[^<>]{0,200}> | <!--.{0,500}?--> )
  | (?P<link>   !? \[ (?P<label>[^\[\]\n]{1,200}) \] \( [^()\s]{1,400} \) )
  | (?P<steer>  \[ [^\[\]\n]{1,200} \] )
  | (?P<act>    (?<!\*|[^\W\u3040-\u9fff]) \* [^\W\d_] [^*\n]{1,60} \* (?!\*|[^\W\u3040-\u9fff])
              | (?<![\w(]) \( [^\W\d_] [^(),\n]{1,40} \) (?!\w)
              | [(（] [\u3040-\u30ff\u4e00-\u9fff]{1,8} [)）] )
  | (?P<ipa>    (?<![\w/:.]) / (?P<phones>[^\s/][^/\n]{0,80}?) / (?![\w/]) )
    """,
    re.VERBOSE | re.DOTALL,
)
_STARTS = re.compile(r"(?:^|[.!?…:—\"”。！？：」』]|[\])）]|(?<!\*)\*)$")
"""A sentence begins behind."""
_ACT_REACH = 40
_NOTE = re.compile(r"[\W\d_]*|[a-z]|note \d+|citation needed|edit", re.IGNORECASE)
_AMID = re.compile(r"[\w,\"'”’)%]\s?$")
"""No sentence ends before: the bracket stands in the middle of one."""
_BREAK_TIME = re.compile(
    r"""time\s*=\s*["']?\s*(?P<amount>\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})\s*(?P<unit>ms|s)""", re.IGNORECASE
)
_BREAK_STRENGTHS_S = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.0}
_BREAK_STRENGTH = re.compile(r"""strength\s*=\s*["']?\s*(?P<name>[a-z-]+)""", re.IGNORECASE)
_DEFAULT_BREAK_S = 0.4


def find_markup(text: str, language: Language) -> Iterator[MarkupPiece]:
    """Cut text into pieces of speech and of markup; the pieces follow one another and cover it all."""
    position = 0
    room_s = MAX_BREAKS_S
    for match in _MARKUP.finditer(text):
        if match["link"] is not None:
            # Markdown: the label is read, the address is not
            first, last = match.span("label")
            yield from _speech(position, match.start())
            yield MarkupPiece(match.start(), first, is_silent=True)
            yield MarkupPiece(first, last)
            yield MarkupPiece(last, match.end(), is_silent=True)
            position = match.end()
            continue
        piece = _read_markup(match, language)
        if piece is None:
            continue
        yield from _speech(position, piece.start)
        yield replace(piece, pause_s=min(piece.pause_s, room_s))
        room_s = max(0.0, room_s - piece.pause_s)
        position = piece.end
    yield from _speech(position, len(text))


def _speech(start: int, end: int) -> Iterator[MarkupPiece]:
    if start < end:
        yield MarkupPiece(start, end)


def _read_markup(match: re.Match[str], language: Language) -> MarkupPiece | None:
    start, end = match.span()
    if match["break"] is not None:
        return MarkupPiece(start, end, is_silent=True, pause_s=_break_seconds(match["attributes"]))
    if match["ipa"] is not None:
        # "and/or/not" and "/usr/bin/" are not phonemes: at least one sign must be beyond the alphabet, or a length or
        # stress mark written in ASCII.
        phones = match["phones"]
        if not any(sign in _IPA_SIGNS or sign in ":'" for sign in phones):
            return None
        return MarkupPiece(start, end, ipa=phones.strip())
    if match["act"] is not None:
        return MarkupPiece(start, end, is_silent=True) if _is_act(match, language) else None
    if match["steer"] is not None:
        is_part_of_word = re.match(r"[a-z]", match.string[end:]) is not None and end - start == len("[I]")
        if is_part_of_word or _is_edited(
            match["steer"][1:-1].strip(), match.string[max(0, start - 2) : start], language
        ):
            return None
    return MarkupPiece(start, end, is_silent=True)


def _is_act(match: re.Match[str], language: Language) -> bool:
    """Whether nothing stands there but what somebody does: "(laughs nervously)"; "the *waves*" are a noun."""
    written = match["act"][1:-1].rstrip(".!… ")
    words = written.lower() if written.isupper() else written[:1].lower() + written[1:]
    before = match.string[max(0, match.start() - _ACT_REACH) : match.start()].rpartition("\n")[2].rstrip(" ")
    behind = match.string[match.end() :][:_ACT_REACH].partition("\n")[0].lstrip(" ")
    if match["act"][0] in "(（" and re.fullmatch(language.act_alone, words):
        # JOHN: (angrily) Get out!
        return _STARTS.search(before) is not None and behind != "" and not behind[0].islower()
    if not language.act.fullmatch(words):
        return False
    if match["act"][0] in "(（" or " " in words:
        return True
    if _STARTS.search(before):
        return written[:1].islower() or not behind[:1].islower()
    if behind or before.endswith(","):
        return before.endswith(",") and not behind[:1].isalnum()
    word = re.search(r"[\w'’]+$", before)
    return word is None or re.fullmatch(language.not_before_act, word[0].lower()) is None


@cache
def _instructions() -> frozenset[str]:
    return frozenset(read_grammar()["markup"]["instructions"].split())


def _is_edited(inside: str, before: str, language: Language) -> bool:
    """Whether words in brackets belong to the sentence and tell nobody how to speak it."""
    words = re.findall(r"\w+", inside.lower())
    if not _instructions().isdisjoint(words) or _NOTE.fullmatch(inside):
        return False
    begins = language.determiners and re.match(language.determiners, inside, re.IGNORECASE)
    return bool(begins) or _AMID.search(before) is not None


def _break_seconds(attributes: str) -> float:
    time = _BREAK_TIME.search(attributes)
    if time is not None:
        seconds = float(time["amount"]) / (1000.0 if time["unit"].lower() == "ms" else 1.0)
        return min(seconds, MAX_BREAK_S)
    strength = _BREAK_STRENGTH.search(attributes)
    if strength is not None:
        return _BREAK_STRENGTHS_S.get(strength["name"].lower(), _DEFAULT_BREAK_S)
    return _DEFAULT_BREAK_S
