"""How words sound: heteronyms, unknown words, the rules of each language, and nothing that the model does not know."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myna.domain.language import LangCode, parse_lang_code
from myna.engines.kokoro.phonemes.english_spelling import EnglishSpelling
from myna.engines.kokoro.phonemes.hindi import pronounce_word as say_hindi
from myna.engines.kokoro.phonemes.phonemizer import open_phonemizer
from myna.engines.kokoro.phonemes.portuguese import pronounce_word as say_portuguese
from myna.engines.kokoro.phonemes.spaced import Phonemizer
from myna.engines.kokoro.phonemes.spanish import pronounce_word as say_spanish
from myna.engines.kokoro.phonemes.symbols import SymbolSequence, join_tokens, share_tokens, spell_ipa, split_sequence
from myna.engines.kokoro.spec import SPEC
from myna.text.plan import plan_speech
from myna.weights.store import WeightStore

SOUNDS = Path(__file__).with_name("sounds.tsv")
LANGUAGES = sorted(SPEC.capabilities.languages)


@pytest.fixture(scope="module")
def phonemizers() -> dict[LangCode, Phonemizer]:
    opened: dict[LangCode, Phonemizer] = {}
    for lang in [LangCode.EN_US, *LANGUAGES]:
        if lang not in opened:
            opened[lang] = open_phonemizer(lang, lambda: opened[LangCode.EN_US])
    return opened


def spell(phonemizer: Phonemizer, text: str, lang: LangCode) -> Iterator[SymbolSequence]:
    for segment in plan_speech(text, lang, normalize=True, max_segment_chars=400, first_segment_chars=None):
        separators = [token.whitespace for token in segment.tokens]
        yield join_tokens(phonemizer.phonemize(segment.tokens), separators)


def say(phonemizers: dict[LangCode, Phonemizer], text: str, lang: LangCode = LangCode.EN_US) -> str:
    return " ".join(sequence.symbols for sequence in spell(phonemizers[lang], text, lang))


@pytest.mark.parametrize(
    ("text", "sounds"),
    [
        ("I have read it.", "ɹˈɛd"),
        ("I will read it.", "ɹˈid"),
        ("They live here.", "lˈɪv"),
        ("It was a live show.", "lˈIv"),
        ("Please close the door.", "klˈOz"),
        ("We object to that.", "əbʤˈɛkt"),
        ("What is this object?", "ˈɑbʤəkt"),
        ("They present it.", "pɹizˈɛnt"),
        ("the apple", "ði ˈæ"),
        ("the pear", "ðə p"),
    ],
)
def test_english_in_context(phonemizers: dict[LangCode, Phonemizer], text: str, sounds: str) -> None:
    """Words that are written alike are told apart by their neighbours."""
    assert sounds in say(phonemizers, text)


def test_british_is_not_american(phonemizers: dict[LangCode, Phonemizer]) -> None:
    """British English has its own lexicon."""
    assert "bˈɑːθ" in say(phonemizers, "the bath", LangCode.EN_GB)
    assert "bˈæθ" in say(phonemizers, "the bath", LangCode.EN_US)


@pytest.mark.parametrize(("word", "sounds"), [("zuckerberg", "zˈʌkəɹbˌɜɹɡ"), ("doomscrolling", "dˈumskɹOlɪŋ")])
def test_words_in_no_lexicon(word: str, sounds: str) -> None:
    """Names and new words are said from their letters."""
    assert EnglishSpelling(is_british=False).pronounce(word) == sounds


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("corazón", "koɾaθˈon"),
        ("guerra", "ɡˈera"),
        ("pingüino", "piŋɡwˈino"),
        ("quien", "kjˈen"),
        ("viejo", "bjˈexo"),
        ("llave", "ʎˈaβe"),
        ("árboles", "ˈaɾβoles"),
        ("ciudad", "θjuðˈað"),
    ],
)
def test_spanish(word: str, sounds: str) -> None:
    """Castilian by rule; agrees with a reference phonemiser on 99 of 100 sounds of random words."""
    assert say_spanish(word) == sounds


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("gente", "ʒˈAŋʧy"),
        ("cidade", "sidˈaʤy"),
        ("falta", "fˈWtæ"),
        ("carro", "kˈaxʊ"),
        ("filha", "fˈiljæ"),
        ("quando", "kwˈɐ\u0303ŋdʊ"),
        ("história", "istˈɔɾjæ"),
    ],
)
def test_portuguese(word: str, sounds: str) -> None:
    """Brazilian by rule: soft t and d, final vowels reduced, l at the end of a syllable a vowel."""
    assert say_portuguese(word) == sounds


@pytest.mark.parametrize(
    ("word", "sounds"),
    [("किताब", "kɪtˈaːb"), ("समझना", "sˈʌməɟʰnaː"), ("रंग", "ɾˈʌŋɡ"), ("मैं", "mˈɛ\u0303"), ("नमस्ते", "nˈʌməsteː")],
)
def test_hindi(word: str, sounds: str) -> None:
    """The inherent vowel falls silent where speakers drop it; the dot above takes the place of the next sound."""
    assert say_hindi(word) == sounds


@pytest.mark.parametrize(
    ("lang", "text", "sounds"),
    [
        (LangCode.FR_FR, "les amis", "lez am"),
        (LangCode.FR_FR, "les héros", "le e"),
        (LangCode.FR_FR, "il avait", "il avˈɛ"),
        (LangCode.FR_FR, "c'est un ami", "sɛt œ\u0303n am"),
        (LangCode.FR_FR, "refuse-t-il", "ʁəfˈyz t il"),
        (LangCode.FR_FR, "vingt-deux", "vˈɛ\u0303t dˈø"),
        (LangCode.FR_FR, "dix, dix amis", "dˈis, dˈiz am"),
        (LangCode.FR_FR, "les phases, du gaz, des églises", "le fˈaz, dy ɡˈaz, dez eɡlˈiz"),
        (LangCode.FR_FR, "absurdes carpes", "absˈyʁd kˈaʁp"),
        (LangCode.FR_FR, "tous les jours, ils sont tous là", "tu le ʒˈuʁ, il sɔ\u0303 tus"),
        (LangCode.FR_FR, "le fils de Barthes à Bercy", "lə fˈis də bˈaʁt a bɛʁsˈi"),
        (LangCode.PT_BR, "os diamantes", "ʊz ʤ"),
        (LangCode.PT_BR, "mesmo", "mˈezmʊ"),
        (LangCode.PT_BR, "falar alto", "falˈaɾ ˈW"),
        (LangCode.PT_BR, "este, esta, nosso", "ˈesʧy, ˈɛstæ, nˈɔsʊ"),
        (LangCode.IT_IT, "perché", "perkˈe"),
        (LangCode.ZH_CN, "银行", "i↗nxa↗ŋ"),
        (LangCode.ZH_CN, "行走", "ɕi↗ŋʦou↓"),
        (LangCode.JA_JP, "私は東京へ行った", "βataɕi βa toːkʲoː e iʔta"),
        (LangCode.JA_JP, "行きましょうという", "ikʲimaɕoː tojɯː"),
        (LangCode.JA_JP, "三本と一冊を六百万円", "samboɴ to iʔsaʦɨ o ɾoʔpʲakɯmaɴeɴ"),
    ],
)
def test_other_languages(phonemizers: dict[LangCode, Phonemizer], lang: LangCode, text: str, sounds: str) -> None:
    """Words that change beside others, open and closed vowels, characters of two readings, particles, counters."""
    assert say(phonemizers, text, lang).startswith(sounds)


def load_sounds() -> list[list[str]]:
    """`sounds.tsv`: the language, what is written, all of its sounds."""
    return [line.split("\t") for line in SOUNDS.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("code", "text", "sounds"), load_sounds())
def test_sounds(phonemizers: dict[LangCode, Phonemizer], code: str, text: str, sounds: str) -> None:
    """Liaisons and names of places in French; letters, wide forms and readings in Chinese and Japanese; capitals."""
    lang = parse_lang_code(code)
    assert lang is not None
    assert say(phonemizers, text, lang) == sounds


def test_english_words_inside_other_scripts(phonemizers: dict[LangCode, Phonemizer]) -> None:
    """Latin words in Chinese, Japanese and Hindi texts are read as English."""
    for lang, text in (
        (LangCode.ZH_CN, "我用Python。"),
        (LangCode.JA_JP, "Pythonです。"),
        (LangCode.HI_IN, "यह Python है"),
    ):
        assert "pˈIθˌɑn" in say(phonemizers, text, lang)


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=()), max_size=60), lang=st.sampled_from(LANGUAGES))
def test_any_text_gives_symbols_of_its_own_tokens(
    phonemizers: dict[LangCode, Phonemizer], text: str, lang: LangCode
) -> None:
    """Whatever the text: no error, and each symbol belongs to a token that exists."""
    for segment in plan_speech(text, lang, normalize=True, max_segment_chars=400, first_segment_chars=None):
        phonemes = phonemizers[lang].phonemize(segment.tokens)
        assert len(phonemes) == len(segment.tokens)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_everyday_text_loses_no_sound(
    weights: WeightStore, phonemizers: dict[LangCode, Phonemizer], lang: LangCode
) -> None:
    """On the numbers and words of every day, each phonemiser stays within the model's vocabulary."""
    vocabulary = json.loads(weights.path("kokoro/vocab.json").read_text(encoding="utf-8"))["vocab"]
    texts = json.loads((Path(__file__).with_name("everyday.json")).read_text(encoding="utf-8"))[lang.value]
    unknown = {symbol for text in texts for symbol in say(phonemizers, text, lang)} - vocabulary.keys()
    assert unknown == set()


def test_long_sequences_are_cut_at_the_best_place() -> None:
    """After a sentence if there is one in the last two thirds, else a clause, else a word, else anywhere."""

    def cut(symbols: str) -> list[str]:
        return [part.symbols for part in split_sequence(SymbolSequence(symbols, tuple(range(len(symbols)))), 10)]

    assert cut("abcd. efg, hij") == ["abcd.", "efg, hij"]
    assert cut("abcd, efg hij") == ["abcd,", "efg hij"]
    assert cut("abcd efgh ijk") == ["abcd efgh", "ijk"]
    assert cut("a" * 25) == ["a" * 10, "a" * 10, "a" * 5]


def test_every_token_begins_in_one_part() -> None:
    """Tokens without symbols go with their neighbours; a token that is torn in two is listed with its beginning."""
    parts = [SymbolSequence("ab c", (1, 1, -1, 3)), SymbolSequence("cd", (3, 5))]
    assert share_tokens(parts, 7) == [range(4), range(4, 7)]
    assert share_tokens([], 3) == []


def test_ipa_in_many_spellings() -> None:
    """Tie bars, ASCII stand-ins and two-letter diphthongs become the model's signs."""
    assert spell_ipa("t͡ʃeɪndʒ", LangCode.EN_US) == "ʧAnʤ"
    assert spell_ipa("kri:t", LangCode.EN_US) == "kɹit"
    assert spell_ipa("krːt", LangCode.FR_FR) == "krːt"
    assert spell_ipa("pei˨˩˦tɕiŋ˥", LangCode.ZH_CN) == "pei↓ʨiŋ→"
