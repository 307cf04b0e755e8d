"""What is written short is read as a person would read it, per language."""

from collections.abc import Callable
from pathlib import Path

import pytest

from myna.domain.language import LangCode, parse_lang_code
from myna.text.languages.registry import open_language
from myna.text.numerals import chinese, hindi, japanese
from myna.text.patterns import read_table
from myna.text.plan import plan_speech
from myna.text.segment import spoken_length

EN, GB, ES, FR, IT, PT, DE, ZH, JA, HI, RU, KO = (
    LangCode.EN_US,
    LangCode.EN_GB,
    LangCode.ES_ES,
    LangCode.FR_FR,
    LangCode.IT_IT,
    LangCode.PT_BR,
    LangCode.DE_DE,
    LangCode.ZH_CN,
    LangCode.JA_JP,
    LangCode.HI_IN,
    LangCode.RU_RU,
    LangCode.KO_KR,
)


READINGS = Path(__file__).parent / "readings"


def load_readings() -> list[tuple[LangCode, str, str]]:
    """`readings/*.txt`: what is written, and in the next line, indented, what is said."""
    rows = []
    for path in sorted(READINGS.glob("*.txt")):
        lang = parse_lang_code(path.stem)
        assert lang is not None
        lines = path.read_text(encoding="utf-8").splitlines()
        rows += [(lang, written, spoken.strip()) for written, spoken in zip(lines[::2], lines[1::2], strict=True)]
    return rows


def say(text: str, lang: LangCode) -> str:
    segments = plan_speech(text, lang, normalize=True, max_segment_chars=1000, first_segment_chars=None)
    return " ".join(segment.text for segment in segments)


@pytest.mark.parametrize(
    ("lang", "written", "spoken"),
    [
        (EN, "1,250", "one thousand two hundred fifty"),
        (GB, "1,250", "one thousand two hundred and fifty"),
        (EN, "3.14", "three point one four"),
        (EN, "-5 °C", "minus five degrees Celsius"),
        (EN, "in 1998", "in nineteen ninety-eight"),
        (EN, "the 1990s", "the nineteen nineties"),
        (EN, "007", "zero zero seven"),
        (EN, "$3.50", "three dollars and fifty cents"),
        (EN, "$1", "one dollar"),
        (EN, "£5m", "five million pounds"),
        (EN, "$1.2 billion", "one point two billion dollars"),
        (EN, "€0.99", "ninety-nine cents"),
        (EN, "20%", "twenty percent"),
        (EN, "$5-10", "five to ten dollars"),
        (EN, "10k users", "ten thousand users"),
        (EN, "3x4 m", "three by four metres"),
        (EN, "24/7", "twenty-four seven"),
        (EN, "1st, 22nd", "first, twenty-second"),
        (EN, "05/12/2024", "May twelfth, twenty twenty-four"),
        (GB, "05/12/2024", "the fifth of December twenty twenty-four"),
        (EN, "2024-05-12", "May twelfth, twenty twenty-four"),
        (EN, "May 12", "May twelfth"),
        (EN, "10:30 pm", "ten thirty PM"),
        (EN, "at 9:05", "at nine oh five"),
        (EN, "at 10:00", "at ten o'clock"),
        (EN, "10-20 km", "ten to twenty kilometres"),
        (EN, "3/4 cup", "three quarters cup"),
        (EN, "v 2.0.1", "v two point zero point one"),
        (EN, "No. 5", "number five"),
        (EN, "Dr. Lee, 12 Elm Dr.", "Doctor Lee, twelve Elm Drive."),
        (EN, "St. Mary, Main St.", "Saint Mary, Main Street."),
        (EN, "jane.doe@example.com", "jane dot doe at example dot com"),
        (EN, "https://www.example.org/a_b", "WWW dot example dot org slash a underscore B"),
        (EN, "A&B", "A and B"),
        (EN, "ice cream 🍦 now", "ice cream now"),
        (EN, "**very** `nice`", "very nice"),
        (EN, "+1 555 123", "plus one, five five five, one two three"),
        (ES, "3,50 €", "tres euros con cincuenta céntimos"),
        (ES, "12/05/2024", "doce de mayo de dos mil veinticuatro"),
        (ES, "1.250 km", "mil doscientos cincuenta kilómetros"),
        (ES, "el Sr. Gil", "el señor Gil"),
        (ES, "la 2ª", "la segunda"),
        (FR, "3,50 €", "trois euros cinquante centimes"),
        (FR, "le 1/05/2024", "le premier mai deux mille vingt-quatre"),
        (FR, "à 10h30", "à dix heures trente"),
        (FR, "1 250", "mille deux cent cinquante"),
        (FR, "5bn", "cinq bn"),
        (IT, "1.250,5", "milleduecentocinquanta virgola cinque"),
        (IT, "sono 5", "sono cinque"),
        (PT, "R$ 3,50", "três reais e cinquenta centavos"),
        (PT, "às 14h30", "às catorze e trinta"),
        (DE, "am 12. Mai 2024", "am zwölften Mai zweitausendvierundzwanzig"),
        (DE, "Am 3.5.2024", "Am dritten Mai zweitausendvierundzwanzig"),
        (DE, "um 10:30 Uhr", "um zehn Uhr dreißig"),
        (DE, "z.B. 1 €", "zum Beispiel ein Euro"),
        (ZH, "2024年5月12日", "二零二四年五月十二日"),
        (ZH, "2个苹果", "两个苹果"),
        (ZH, "20%", "百分之二十"),
        (ZH, "-5℃", "负五摄氏度"),
        (ZH, "3.5元", "三点五元"),
        (JA, "3人", "さんにん"),
        (JA, "10時30分", "じゅうじさんじゅっぷん"),
        (JA, "1,250円", "せんにひゃくごじゅうえん"),
        (HI, "₹250", "दो सौ पचास रुपये"),
        (RU, "5 кг", "пять килограммов"),
        (RU, "2 ₽", "два рубля"),
        (KO, "5월 12일", "오월 십이일"),
    ],
)
def test_reading(lang: LangCode, written: str, spoken: str) -> None:
    """A written form and what a person says for it."""
    assert spoken == say(written, lang)


@pytest.mark.parametrize(("lang", "written", "spoken"), load_readings())
def test_awkward_text(lang: LangCode, written: str, spoken: str) -> None:
    """Telephone numbers, kings, codes, clock ranges, fractions, hashtags, shouting: as a person reads them."""
    assert spoken == say(written, lang)


@pytest.mark.parametrize("path", sorted(READINGS.glob("kinds/*.tsv")), ids=lambda path: path.stem)
def test_every_kind(path: Path) -> None:
    """`readings/kinds/*.tsv`: the kind, what is written (`\\n` for a new line), what a native says."""
    lang = parse_lang_code(path.stem)
    assert lang is not None
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    read = [(kind, written, spoken, say(written.replace("\\n", "\n"), lang)) for kind, written, spoken in rows]
    assert [row for row in read if row[2] != row[3]] == []


@pytest.mark.parametrize("lang", list(LangCode))
@pytest.mark.parametrize("normalize", [True, False])
def test_no_run_of_digits_is_too_long(lang: LangCode, *, normalize: bool) -> None:
    """Thousands of digits, alone or behind a letter, are all spoken, in pieces that a segment can hold."""
    for written in ("1" * 500, "B" + "7" * 500):
        segments = plan_speech(written, lang, normalize=normalize, max_segment_chars=400, first_segment_chars=None)
        assert max(spoken_length(segment.tokens) for segment in segments) <= 400
        spoken = " ".join(segment.text for segment in segments)
        assert not any(sign.isdigit() for sign in spoken)


@pytest.mark.parametrize("written", ["...", '"', "?!", "." * 2000, "—", "()"])
def test_signs_alone_are_not_spoken(written: str) -> None:
    """Punctuation without a word makes no sound."""
    assert not plan_speech(written, EN, normalize=True, max_segment_chars=400, first_segment_chars=60)


def test_off_leaves_the_text_alone() -> None:
    """Without normalisation words are handed on as they are written; only digits become numbers."""
    segments = plan_speech("Dr. 5 €", LangCode.FR_FR, normalize=False, max_segment_chars=100, first_segment_chars=None)
    assert [segment.text for segment in segments] == ["Dr. cinq €"]


def test_every_language_has_readings() -> None:
    """Each of the API's languages has its file: numbers, dates, times, money, shares and codes are read in it."""
    written = {lang: [line for spoken, line, _ in load_readings() if spoken is lang] for lang in LangCode}
    assert [lang for lang in LangCode if "21; 3.5; 2024-05-12; 10:45; 50%; $20; 007." not in written[lang]] == []


def test_own_numerals() -> None:
    """Readings that no library gives us: zeros in Chinese, sound changes in Japanese, lakhs in Hindi."""
    assert chinese.spell_cardinal(10_005) == "一万零五"
    assert chinese.spell_cardinal(100_000_001) == "一亿零一"
    assert chinese.spell_cardinal(15) == "十五"
    assert japanese.spell_cardinal(3_600) == "さんぜんろっぴゃく"
    assert japanese.spell_counted(4, "時") == "よじ"
    assert japanese.spell_counted(25, "分") == "にじゅうごふん"
    hundreds = {100: "ひゃっぽん", 300: "さんびゃっぽん", 600: "ろっぴゃっぽん", 3_000: "さんぜんぼん", 4: "よんほん"}
    assert {number: japanese.spell_counted(number, "本") for number in hundreds} == hundreds
    assert japanese.spell_counted(300, "分") == "さんびゃっぷん"
    assert hindi.spell_cardinal(12_500_000) == "एक करोड़ पच्चीस लाख"


class Meanwhile:
    """Whoever asks what it is gives another thread the time to find out something of the language."""

    def __init__(self, find_out: Callable[[], object]) -> None:
        self._find_out = find_out

    @property
    def __class__(self) -> type:
        self._find_out()
        return Meanwhile


def test_rules_are_made_while_others_use_the_language() -> None:
    """What it finds out once and keeps is no word of its tables, whenever it does."""
    language = open_language.__wrapped__(EN)
    object.__setattr__(language, "trial", Meanwhile(lambda: language.letter))
    assert list(read_table(language, {"x (?P<n>[0-9])": "{n} or {half}"}, None)) != []
    assert "letter" in vars(language)
