"""How long text is cut for speaking."""

import re
import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from myna.client.chapters import PARAGRAPH_PAUSE_S, Chapter, split_chapters
from myna.text.sentence_end import ends_sentence

PROSE = st.text(alphabet=st.sampled_from("aB é字。.!?,;: \n<>/\"'\u0301"), max_size=400)


@given(text=PROSE, max_chars=st.integers(min_value=100, max_value=200))
def test_nothing_but_white_space_is_lost_and_no_chapter_is_too_long(text: str, max_chars: int) -> None:
    """The chapters, white space aside, are the text; each has between one and `max_chars` characters."""
    chapters = split_chapters(text, max_chars)
    assert re.sub(r"\s", "", text) == re.sub(r"\s", "", "".join(chapter.text for chapter in chapters))
    assert all(0 < len(chapter.text) <= max_chars for chapter in chapters)


def test_prefers_paragraphs_then_sentences_then_clauses_then_words() -> None:
    """The best boundary in the last two thirds of a chapter wins over a later, worse one."""
    assert split_chapters("One two three.\n\nFour five six. Seven.", 30) == (
        Chapter("One two three.", PARAGRAPH_PAUSE_S),
        Chapter("Four five six. Seven.", 0.0),
    )
    assert [c.text for c in split_chapters("One two three. Four five six, seven", 30)] == [
        "One two three.",
        "Four five six, seven",
    ]
    assert [c.text for c in split_chapters("One two three, four five six seven", 30)] == [
        "One two three,",
        "four five six seven",
    ]
    assert [c.text for c in split_chapters("one two three four five six seven", 15)] == [
        "one two three",
        "four five six",
        "seven",
    ]


def test_sentences_end_where_the_server_ends_them() -> None:
    """The client knows nothing of the server's code, so that it has the signs a second time: of all there are."""
    signs = [sign for sign in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(sign).startswith("P")]
    for sign in signs:
        is_cut = split_chapters(f"One two{sign} four five", 15)[0].text == f"One two{sign}"
        assert is_cut == ends_sentence(f"One two{sign}") or sign in ",;:—–、，；：،؛", sign


def test_a_word_longer_than_a_chapter_is_cut() -> None:
    """A hundred thousand characters without a space are spoken in chapters too."""
    assert [len(chapter.text) for chapter in split_chapters("a" * 100_000)] == [1000] * 100


def test_markup_stays_whole() -> None:
    """A break tag is never cut in two, even where it straddles the end of a chapter."""
    text = "word " * 38 + '<break time="500ms" /> ' + "word " * 30
    chapters = split_chapters(text, 200)
    assert sum('<break time="500ms" />' in chapter.text for chapter in chapters) == 1
