"""Timestamps on the wire."""

from collections.abc import AsyncGenerator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myna.domain.speech import EncodedChunk, PhoneTiming, TimedSpan, TimestampKind
from myna.http.alignment import TextAligner
from myna.http.speech_payloads import SpeechPayloads, whole_payload
from myna.http.speech_requests import LipsyncMessage, SpeakRequest
from myna.http.visemes import _GROUPS, openxr_visemes_of, viseme_of

_ON_A_BUSY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _spans_of(text: str, seconds_per_word: float = 0.5, pause_s: float = 0.1) -> list[TimedSpan]:
    """Every word between white space, at a steady pace."""
    spans, position, clock_s = [], 0, 0.05
    for word in text.split():
        start = text.index(word, position)
        position = start + len(word)
        spans.append(TimedSpan(start, position, clock_s, clock_s + seconds_per_word))
        clock_s += seconds_per_word + pause_s
    return spans


def test_words_cover_the_text_without_gaps() -> None:
    """Punctuation and white space are pieces; the first starts at 0 and each where the last ended."""
    text = '"Hello, world!" '
    aligner = TextAligner(text, TimestampKind.WORD)
    alignment = aligner.advance(_spans_of(text))
    assert alignment.pieces == ['"', "Hello", ",", " ", "world", '!"', " "]
    assert alignment.starts_s[0] == 0.0
    assert alignment.starts_s[1:] == alignment.ends_s[:-1]
    assert aligner.finish().pieces == []


def test_signs_leave_with_their_word() -> None:
    """A full stop is not left for the next message, however the spans arrive; the pause before the next word is."""
    first, second = _spans_of("Low. Two.")
    aligner = TextAligner("Low. Two.", TimestampKind.WORD)
    assert aligner.advance([first]).pieces == ["Low", "."]
    later = aligner.advance([second])
    assert later.pieces == [" ", "Two", "."]
    assert later.starts_s[1] == second.start_s


def test_skipped_text_is_given_out_at_the_end() -> None:
    """Markup that nobody speaks still belongs to the text."""
    text = "Hello [laugh]"
    aligner = TextAligner(text, TimestampKind.WORD)
    first = aligner.advance([TimedSpan(0, 5, 0.0, 0.4)])
    rest = aligner.finish()
    assert text == "".join(first.pieces + rest.pieces)
    assert rest.ends_s[-1] == 0.4


def test_phones_keep_the_index_of_their_word() -> None:
    """`wordIndex` counts in this reply's words, and every phone has its four keys."""
    aligner = TextAligner("So, hi", TimestampKind.WORD)
    phones = (PhoneTiming("h", 0.5, 0.1), PhoneTiming("aɪ", 0.6, 0.2))
    alignment = aligner.advance([TimedSpan(0, 3, 0.0, 0.4), TimedSpan(4, 6, 0.5, 0.8, phones)])
    wire = alignment.to_wire()["wordAlignment"]
    assert isinstance(wire, dict)
    (detail,) = wire["phoneticDetails"]
    assert wire["words"][detail["wordIndex"]] == "hi"
    assert detail["isPartial"] is False
    assert all(
        {"phoneSymbol", "startTimeSeconds", "durationSeconds", "visemeSymbol"} == set(p) for p in detail["phones"]
    )


def test_visemes_are_of_the_documented_alphabet() -> None:
    """Diphthongs and affricates count by their first symbol; what is no sound is silence."""
    assert [viseme_of(p) for p in ("aɪ", "tʃ", "m", "θ", "ˈ")] == ["aei", "cdgknstxyz", "bmp", "th", "sil"]


_TEXT = st.text(alphabet='ab c,."\n[]—é字', max_size=40)


@_ON_A_BUSY_MACHINE
@given(_TEXT, st.sampled_from(list(TimestampKind)), st.integers(1, 5))
def test_pieces_are_the_text_and_times_never_go_back(text: str, kind: TimestampKind, num_parts: int) -> None:
    """However the spans arrive, the pieces joined are the text, and starts and ends are in order."""
    spans = _spans_of(text)
    aligner = TextAligner(text, kind)
    whole = aligner.advance(spans[:num_parts])
    whole.extend(aligner.advance(spans[num_parts:]))
    whole.extend(aligner.finish())
    if not spans:
        assert whole.pieces == []
        return
    assert text == "".join(whole.pieces)
    assert whole.starts_s[0] == 0.0
    assert all(start <= end for start, end in zip(whole.starts_s, whole.ends_s, strict=True))
    assert whole.starts_s == sorted(whole.starts_s)


@_ON_A_BUSY_MACHINE
@given(
    st.lists(st.builds(TimedSpan, st.integers(0, 20), st.integers(0, 20), st.floats(0, 5), st.floats(0, 5)), max_size=8)
)
def test_a_confused_engine_still_gives_ordered_times(spans: list[TimedSpan]) -> None:
    """Overlapping, backward and empty spans never lose or repeat text."""
    text = "one two three four!"
    aligner = TextAligner(text, TimestampKind.WORD)
    whole = aligner.advance(spans)
    whole.extend(aligner.finish())
    assert "".join(whole.pieces) in ("", text)
    assert whole.starts_s == sorted(whole.starts_s)


def test_openxr_has_a_shape_for_every_sound() -> None:
    """Of all languages of the other table; a diphthong has two, an affricate one, a stress mark none."""
    known = {symbol for symbols in _GROUPS["documented"].values() for symbol in symbols}
    assert [symbol for symbol in known if len(openxr_visemes_of(symbol)) != 1] == []
    expected = {"aɪ": ("aa", "ih"), "tʃ": ("CH",), "ts": ("SS",), "iː": ("ih",), "ɑ̃": ("aa",), "tʰ": ("DD",), "ˈ": ()}
    assert {phone: openxr_visemes_of(phone) for phone in expected} == expected


@pytest.mark.parametrize("is_whole", [True, False])
async def test_the_mouth_moves_without_gaps(is_whole: bool) -> None:
    """From 0 to the end of the audio, whole or in pieces; closed where nothing is said."""
    words = (
        TimedSpan(0, 2, 0.1, 0.4, (PhoneTiming("m", 0.1, 0.1), PhoneTiming("aɪ", 0.2, 0.2))),
        TimedSpan(3, 4, 0.6, 0.7, (PhoneTiming("s", 0.6, 0.1),)),
    )
    chunks = [EncodedChunk(b"", 0.3, words[:1]), EncodedChunk(b"a", 0.2), EncodedChunk(b"b", 0.4, words[1:])]
    message = SpeakRequest(text="My s", lipsync_config=LipsyncMessage())
    if is_whole:
        payloads = [whole_payload(message, chunks)]
    else:

        async def iterate() -> AsyncGenerator[EncodedChunk, None]:
            for chunk in chunks:
                yield chunk

        payloads = [payload async for payload in SpeechPayloads("My s", message).of(iterate())]
        assert [len(p["timestampInfo"]["lipsyncAlignment"]["visemes"]) for p in payloads] == [4, 2, 1]
    shapes = [shape for p in payloads for shape in p["timestampInfo"]["lipsyncAlignment"]["visemes"]]
    assert [tuple(shape.values()) for shape in shapes] == [
        ("sil", 0.0, 0.1), ("PP", 0.1, 0.1), ("aa", 0.2, 0.1), ("ih", 0.3, 0.1), ("sil", 0.4, 0.2), ("SS", 0.6, 0.1),
        ("sil", 0.7, 0.2),
    ]  # fmt: skip
