"""From text to segments: nothing lost, nothing invented, cut where people pause."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpeechToken
from myna.text.markup import MAX_BREAK_S, MAX_BREAKS_S
from myna.text.plan import plan_speech

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
SPOKEN_TEXT = st.text(st.sampled_from("aB9 .,;!?-–€$%°#/@&\n\t'\"()[]<>😀中あ한éш1:05ｶﾞＡ１=^−日*"), max_size=200)


def plan(
    text: str,
    lang: LangCode = LangCode.EN_US,
    first: int | None = None,
    most: int = 400,
    normalize: bool = True,
    own_words: Mapping[str, str] = MappingProxyType({}),
) -> tuple[SpeechSegment, ...]:
    return plan_speech(
        text, lang, normalize=normalize, max_segment_chars=most, first_segment_chars=first, own_words=own_words
    )


def all_tokens(segments: tuple[SpeechSegment, ...]) -> list[SpeechToken]:
    return [token for segment in segments for token in segment.tokens]


@settings(max_examples=300, deadline=None)
@given(
    text=ANY_TEXT | SPOKEN_TEXT, lang=st.sampled_from(LangCode), normalize=st.booleans(), first=st.none() | st.just(40)
)
def test_tokens_follow_the_text(text: str, lang: LangCode, normalize: bool, first: int | None) -> None:
    """For any text at all: spans are in order, do not overlap, and only white space lies between them."""
    segments = plan(text, lang, first, 120, normalize, {"ab": "æb", "b": "b", "中あ": "a", "1": "w", "é": "e"})
    position = 0
    for token in all_tokens(segments):
        assert position <= token.source_start < token.source_end <= len(text)
        assert text[position : token.source_start].strip() == ""
        position = token.source_end
    if segments:
        assert text[position:].strip() == ""


@settings(max_examples=200, deadline=None)
@given(text=ANY_TEXT | SPOKEN_TEXT, most=st.integers(40, 300))
def test_segments_are_short_enough(text: str, most: int) -> None:
    """No segment is longer than asked, unless a single token is."""
    for segment in plan(text, most=most):
        assert len(segment.text) <= most or len([token for token in segment.tokens if token.spoken]) == 1


def test_wide_forms_keep_their_places() -> None:
    """Half-wide kana with their marks, full-width letters and digits: read as plain ones, each where it stands."""
    text = "ｶﾞｽは１２３円（Ａ型）。"
    tokens = [token for token in all_tokens(plan(text, LangCode.JA_JP)) if token.spoken]
    assert [(text[token.source_start : token.source_end], token.spoken) for token in tokens] == [
        ("ｶ", "ガ"),
        ("ｽ", "ス"),
        ("は", "は"),
        ("１２３円（", "ひゃくにじゅうさんえん（"),
        ("Ａ", "エー"),
        ("型）。", "型）。"),
    ]


def test_every_character_keeps_its_place() -> None:
    """Each token's span is the stretch of the text that it speaks for."""
    text = "Dr. Lee paid $3.50, then left."
    tokens = all_tokens(plan(text))
    assert [(text[token.source_start : token.source_end], token.spoken) for token in tokens] == [
        ("Dr.", "Doctor"),
        ("Lee", "Lee"),
        ("paid", "paid"),
        ("$3.50,", "three dollars and fifty cents,"),
        ("then", "then"),
        ("left.", "left."),
    ]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "It rained all through the day. How did the others get home?",
            ["It rained all through the day.", "How did the others get home?"],
        ),
        ("Hello there. How are you? Fine!", ["Hello there. How are you? Fine!"]),
        (
            "Mr. Jones met Dr. Smith at 5 p.m. on Main St. in Boston.",
            ["Mister Jones met Doctor Smith at five PM on Main Street in Boston."],
        ),
        ('She said "Stop!" and left.', ['She said "Stop!" and left.']),
        ("It cost 3.5 million. That, e.g. this.", ["It cost three point five million.", "That, for example this."]),
        ("J. R. R. Tolkien wrote it.", ["J. R. R. Tolkien wrote it."]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    """Abbreviations, initials and decimals do not end a sentence."""
    assert [segment.text for segment in plan(text)] == sentences


def test_chinese_sentences() -> None:
    """Chinese is cut at its own full stops."""
    assert [
        segment.text
        for segment in plan("今天早上我和朋友们一起去了海边散步。明天晚上你想不想和我们一起吃饭？", LangCode.ZH_CN)
    ] == [
        "今天早上我和朋友们一起去了海边散步。",
        "明天晚上你想不想和我们一起吃饭？",
    ]


def test_break_becomes_a_pause() -> None:
    """A break ends a segment, gives its length as silence and is not spoken."""
    segments = plan('One <break time="1.5s"/> two <break time="250ms"/>')
    assert [(segment.text, segment.pause_after_s) for segment in segments] == [("One", 1.5), ("two", 0.25)]


def test_break_alone_is_a_pause() -> None:
    """A text of nothing but a break is silence, not an error."""
    assert [(segment.text, segment.pause_after_s) for segment in plan('<break time="2s"/>')] == [("", 2.0)]


def test_pauses_are_bounded_one_by_one_and_together() -> None:
    """Ten seconds each; of a flood what comes first, and then the words without pauses."""
    flood = plan("Hello. " + '<break time="3600s"/>' * 80 + " Goodbye." + '<break time="3600s"/>')
    assert {segment.pause_after_s for segment in flood} == {MAX_BREAK_S, 0.0}
    assert sum(segment.pause_after_s for segment in flood) == MAX_BREAKS_S
    assert " ".join(segment.text for segment in flood if segment.text) == "Hello. Goodbye."
    mixed = plan('One <break time="7s"/> two ' * 30)
    assert sum(segment.pause_after_s for segment in mixed) == MAX_BREAKS_S
    assert " ".join(segment.text for segment in mixed) == " ".join(["One two"] * 30)


def test_stock_clients_pauses_all_fit() -> None:
    """They send at most 1900 characters at a time and count 12 of them for a second (wire-contract.md#chunking)."""
    seconds = 1900 // 12
    asked = plan('Breathe. <break time="9s"/> ' * (seconds // 9))
    assert sum(segment.pause_after_s for segment in asked) == 9 * (seconds // 9)


@pytest.mark.parametrize("text", ["", "   ", "😀 👍🏽", "[laugh]", "<verbatim></verbatim>", "***", "\u200b\u200f"])
def test_nothing_to_say_gives_nothing(text: str) -> None:
    """Only markup, only emoji, only signs: no segment at all."""
    assert plan(text) == ()


def test_markup_is_not_read_out() -> None:
    """Steering, non-verbal tags and unknown elements are silent."""
    text = '[whispering] Come <prosody rate="slow">closer</prosody> now [laugh], <verbatim>please</verbatim>.'
    assert " ".join(segment.text for segment in plan(text)) == "Come closer now, please."


def test_ipa_replaces_its_word() -> None:
    """Phonemes between slashes are handed to the engine; paths and alternatives are not taken for phonemes."""
    tokens = all_tokens(plan("Say /təˈmɑːtoʊ/ and/or /usr/bin/ now."))
    assert [(token.spoken, token.ipa) for token in tokens if token.ipa] == [("təˈmɑːtoʊ", "təˈmɑːtoʊ")]


def test_first_segment_is_short_and_ends_at_a_boundary() -> None:
    """A stream's first segment is cut at a clause end if there is one within reach."""
    text = "When the rain finally stopped, we opened all the windows of the house and let the fresh air in at last."
    first, *rest = [segment.text for segment in plan(text, first=60)]
    assert first == "When the rain finally stopped,"
    assert " ".join([first, *rest]) == text
    first = plan(
        "The children ran out into the garden behind the school to play football until it was dark.", first=50
    )[0]
    assert first.text == "The children ran out into the garden"


def test_paragraphs_are_parted_by_a_pause() -> None:
    """An empty line is heard, a line break within a sentence is not."""
    segments = plan("One line\nof text.\n\nAnother one.")
    assert [(segment.text, segment.pause_after_s) for segment in segments] == [
        ("One line of text.", 0.35),
        ("Another one.", 0),
    ]


def test_endless_word_is_cut() -> None:
    """A word of 100,000 letters becomes many short segments, quickly."""
    segments = plan("a" * 100_000, most=400)
    assert sum(len(segment.text) for segment in segments) == 100_000
    assert max(len(segment.text) for segment in segments) <= 400


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("# Shopping list\n\n- milk\n- eggs\n- bread\n", "Shopping list. milk. eggs. bread"),
        ("Steps:\n1. Open the door\n2. Walk in", "Steps: one, Open the door. two, Walk in"),
        ("Roses are red\nViolets are blue", "Roses are red, Violets are blue"),
        ("This is a hard\nwrapped line that\ngoes on.", "This is a hard wrapped line that goes on."),
        ("**Note**\n> quoted", "Note. quoted"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a b one two"),
    ],
)
def test_lines_without_a_stop(text: str, spoken: str) -> None:
    """Headings and items of a list end like sentences, verse with a breath; wrapped lines go on."""
    segments = plan_speech(text, LangCode.EN_US, normalize=True, max_segment_chars=400, first_segment_chars=None)
    assert " ".join(segment.text for segment in segments) == spoken


def test_pieces_know_the_rest_of_their_sentence() -> None:
    """A quick first piece and what follows it: together with their surroundings each is the sentence."""
    text = "When the rain finally stopped, we opened all the windows of the house, and the children ran out. The end."
    segments = plan_speech(text, LangCode.EN_US, normalize=True, max_segment_chars=60, first_segment_chars=30)
    sentence = [segment for segment in segments if segment.before or segment.after]
    assert len(sentence) > 2
    assert len({(*segment.before, *segment.tokens, *segment.after) for segment in sentence}) == 1
    assert not sentence[0].before
    assert not sentence[-1].after
    assert not segments[-1].before


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        (LangCode.EN_US, "Ask VYTA, vyta-made; Vyta’s.", "Ask /V/ , /V/ -made; /Vz/ ."),
        (LangCode.EN_US, "Worcester, SQL, May 5.", "/W/ , /S/ , May fifth."),
        (LangCode.EN_US, "Worcesters inVyta vytas", "Worcesters inVyta vytas"),
        (LangCode.EN_US, "Kit's /kæt/ [vyta] <vyta> vyta!", "/Kts/ /kæt/ /V/ !"),
        (LangCode.JA_JP, "渋谷区と渋谷、AIとFAIL。", "/sbk/ と /sb/ 、 /ai/ と FAIL。"),
        (LangCode.HI_IN, "हिन्दी में", "/h/ में"),
        (LangCode.FR_FR, "l’été a été", "l’été a /e/"),
    ],
)
def test_words_of_a_dictionary_are_said_as_it_has_them(lang: LangCode, text: str, expected: str) -> None:
    """Whole words in any case; a date that holds one is still a date."""
    own_words = {
        "vyta": "V", "worcester": "W", "sql": "S", "may": "M", "kit": "Kt", "渋谷": "sb", "渋谷区": "sbk", "ai": "ai",
        "हिन्दी": "h", "été": "e",
    }  # fmt: skip
    tokens = all_tokens(plan(text, lang, own_words=own_words))
    said = [f"/{token.ipa}/" if token.ipa else token.spoken for token in tokens]
    assert " ".join(word for word in said if word) == expected
