"""What a language's file holds: how it writes, and the words for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from myna.domain.language import LangCode

Forms = Mapping[str, str]
"""A noun by CLDR's categories of number: "one", "other", and what else the language has."""
Said = str | Mapping[str, str]
"""What is said for a pattern: `patterns.py`."""


def read_forms(words: Sequence[str]) -> Forms:
    """words: singular and plural, or the three of one, two and five of Slavic languages, and as a fourth that behind a
    decimal fraction, if it is not that of two."""
    return dict(zip(("one", "few", "many"), words, strict=False)) | {"other": words[3] if len(words) > 3 else words[1]}


@dataclass(frozen=True, slots=True)
class Currency:
    whole: Forms
    hundredth: Forms | None = None
    """None where sums are not said in them."""


@dataclass(frozen=True)
class Words:
    """The data of one language. Names of the fields are those of the file."""

    code: LangCode

    # --- what it looks like ---
    preview: str  # What a voice says to show itself: about four seconds
    cldr_name: str = ""  # The CLDR's locale whose words are taken, if that is not `code`
    trial: str = ""
    """What a new voice says first, to be compared with the recording: five to seven seconds. May be empty."""
    preview_tail: str = ""  # What is said after a text that is too short to show a voice
    possessive: str = ""  # What may be behind every word: "'s"
    script: str = ""  # Ranges of the signs that only this language is written with; empty for Latin letters
    borrowed_script: str = ""  # The language whose signs are this one's, too, where its own stand beside them
    small_words: str = ""  # The commonest, enough to tell in a short sentence whose grammar it has
    borrowed_phrases: tuple[str, ...] = ()  # Of other languages, and said by speakers of this: "c'est la vie"
    unfinished: str = ""  # Abbreviations, without their last dot, that end no sentence
    phrase_starts: str = ""  # Words before which a speaker may breathe
    is_spaced: bool = True  # Words are separated by spaces
    is_glued: bool = False  # Particles and counters stand right behind a number
    drops_accents: bool = False  # Accents are foreign to it

    # --- numbers ---
    decimal: str = "."  # Decimal sign of written numbers
    group: str = ","  # What separates thousands
    point: str = ""  # The word for the decimal sign
    version_point: str = ""  # The word in version numbers; empty for the dot of addresses
    comma: str = ", "  # A short break between groups of digits
    minus: str = ""
    plus: str = ""
    operations: Mapping[str, str] = field(default_factory=dict)
    """Words for + - × ÷ in sums, where they are others than `plus`, `minus` and `symbols`."""
    sum_words: tuple[str, ...] = ()  # Words that ask for a sum: "what is"
    equal_words: tuple[str, ...] = ()  # Words that stand for the equals sign: "equals"
    factorial: str = ""  # For the ! of 5!
    num2words: str = ""  # Its name in num2words, if that is not the ISO 639-1 code
    says_and: bool = True  # "One hundred and one" is said with the "and" that num2words gives
    pairs_decimals: bool = False  # Two digits behind the decimal sign are read as one number
    pairs_years: bool = False
    """Years are read in pairs of digits, also where only their number shows that they are years."""
    pairs_hundreds: bool = False  # So are full hundreds: 1900
    feminine: str = ""
    """Pattern of nouns that are feminine, by their endings. Empty where numerals do not agree with nouns."""
    masculine: str = ""  # Pattern of exceptions, that are masculine or no nouns
    ordinal_suffixes: tuple[str, ...] = ()
    magnitudes: Mapping[str, str] = field(default_factory=dict)
    """What may stand between a sum and its currency: "m" -> "million"."""
    single_magnitudes: Mapping[str, str] = field(default_factory=dict)
    """What exactly one of those is, with its numeral: "millones de" -> "un millón de"."""
    of_millions: str = ""  # Between whole millions and what they are millions of
    number_sign: str = ""  # For # and No. before a number
    to: str = ""  # Between the ends of a range
    row: str = ""  # Between the numbers of a row, "1-2-3"; empty for a comma
    between: tuple[str, ...] = ()  # Two words: "between" and the "and" that belongs to it
    by: str = ""  # Between the sides of a size: 3x4
    compass: Mapping[str, str] = field(default_factory=dict)  # Short for directions: NE
    compass_cue: str = ""  # Pattern of what stands before those
    ratio: str = ""  # Between the numbers of "16:9"; empty for `to`
    percent: str = ""
    angle: tuple[str, ...] = ()  # Degrees, minutes and seconds: 45°30'10"
    percent_words: tuple[str, ...] = ()  # Where it has a plural: three Slavic forms
    percent_first: bool = False
    power: str = ""  # Of `{base}` and `{exponent}`
    fraction: str = ""  # Of `{above}` and `{below}`, where `fractions` has no word
    fractions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Denominator -> one of them, several; third, if exactly one is said otherwise: "2" -> half, halves, one half."""
    marks: tuple[str, ...] = ("100",)  # What marks are given of: 85/100 is no fraction
    mixed: str = "{whole} {fraction}"  # Of a whole number and a fraction
    and_a_half: str = ""
    and_a_half_of: tuple[str, ...] = ()  # One and two, where they are said otherwise
    spoken_pairs: tuple[str, ...] = ()  # What looks like a fraction and is not: "24/7"

    # --- dates and times ---
    date_order: str = "dmy"  # Of all-digit dates: "mdy", "dmy" or "ymd"
    date: str = ""
    date_without_year: str = ""
    date_of: str = ""  # For "12th of May", if that is said otherwise than "May 12"
    date_of_without_year: str = ""
    days: str = ""  # For "May 5-7": of `{month}`, `{first}` and `{last}`
    date_separators: str = "/.-"
    first: str = ""  # The word for the first day of a month, where it is an ordinal
    day_cue: str = ""  # Pattern of what stands before a day and a month that could be a share: "le 5/6"
    month_words: tuple[str, ...] = ()  # Twelve, where they are said otherwise than the CLDR writes them
    month_spellings: Mapping[str, int] = field(default_factory=dict)  # Other lower-case spellings -> 1 to 12
    capital_months: tuple[str, ...] = ()  # Those that mean something else in small letters: "may"
    weekday_words: Mapping[str, str] = field(default_factory=dict)
    """Lower-case abbreviations without their dots, other than the CLDR's."""
    weekday_shape: str = ".*"  # Pattern of an abbreviation as it is written
    time: str = ""
    time_full: str = ""  # For a full hour
    time_small_minute: str = ""  # For minutes under ten; empty for the same as others
    seconds: str = "{s}"  # Behind hours and minutes
    hours: tuple[str, ...] = ()  # "Hour" and "hours", where they are said in times
    hour_separators: str = ":"
    time_words: tuple[str, ...] = ()  # Before a time with a full stop for its colon; it has a `time_suffixes` else
    hour_word: str = ""  # Behind a full hour: "9h", "9 Uhr". A regular expression
    hours_behind: str = "(?!)"  # Pattern of what shows that "2:30" lasts
    time_suffixes: tuple[str, ...] = ()  # Words after a time that the reading has said already: "10:30 Uhr"
    pm: Mapping[str, str] = field(default_factory=dict)

    # --- money and measures ---
    currency_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By sign or code, what people say otherwise than the CLDR ("dollars", not "US dollars"), and cents, which it does
    not have. Singular and plural, or three Slavic forms; behind them those of the hundredth."""
    currency_joiner: str = " "  # Between euros and cents
    unit_signs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The CLDR's name -> what is written for it in this language only."""
    unit_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By sign or the CLDR's name: what it lacks, or people say otherwise. Forms as above, or none."""
    per: str = ""  # Between an amount and what it is for: "5 €/mois". Empty where it is not said so
    per_words: Mapping[str, str] = field(default_factory=dict)  # Short for what it is for: "/mo"

    # --- words and signs ---
    url: Mapping[str, str] = field(default_factory=dict)  # Names of the signs in addresses: ./@-_: and maybe \\
    spells_countries: bool = False  # The last two letters of an address are spelled
    hashtag: str = "hashtag"
    heart: str = ""  # For <3 between two words; empty where it is silent as other faces are
    keys: Mapping[str, str] = field(default_factory=dict)  # * and # of a telephone
    symbols: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[str, Said] = field(default_factory=dict)
    """Before all other rules. `patterns.py` says what stands in such tables."""
    own_rules: Mapping[str, Said] = field(default_factory=dict)  # Behind those of dates, before all others
    counting_rules: Mapping[str, Said] = field(default_factory=dict)  # Behind those of quantities
    pieces: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """What patterns name in braces: a pattern, or words of which any may stand there."""
    cues: Mapping[str, str] = field(default_factory=dict)  # Patterns by which its class tells one thing from another
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # What its class looks up
    abbreviations: Mapping[str, str] = field(default_factory=dict)  # Lower case, with their dots
    final_abbreviations: tuple[str, ...] = ()  # Those that may end a sentence
    before_number: tuple[str, ...] = ()  # Those that are one only before a number: "p. 5"
    plural_ending: str = ""  # What those get before several numbers: "art. 5-7"
    no_abbreviations: Mapping[str, str] = field(default_factory=dict)
    """What looks like one of those but ends a sentence, by a pattern of what is before it: "modern art. 20 people"."""
    behind_names: Mapping[str, str] = field(default_factory=dict)  # What they mean where no name follows: "Elm Dr."
    letters: tuple[str, ...] = ()  # Names of the letters, for what is spelled out; empty where the engine does that
    alphabet: str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # Whose names they are
    short_words: str = ""
    """Of two or three letters without accents, as capitals no initialisms: OUI. Of longer ones their letters tell."""
    digraphs: str = "(?!)"  # Pattern of letters in capitals that are one consonant
    has_clusters: bool = False  # Three consonants in a row make no initialism of a word in capitals
    acronyms: tuple[str, ...] = ()  # Capitals that are spoken as words: ONU
    spelled: tuple[str, ...] = ()  # Capitals that could be words, or are in other places, and are spelled
    say_as: Mapping[str, str] = field(default_factory=dict)  # Exact words that are said otherwise

    # --- what people do while they speak ---
    acts: str = ""  # "sighs", "laughs": alone between stars or in brackets they are not said
    manners: tuple[str, ...] = ()  # More of them, of several words: "à voix basse"
    act_tail: str = "(?!)"  # Pattern of what may follow one: "nervously", "throat"
    act_alone: str = "(?!)"  # Pattern of what is one in brackets before what somebody says: "(angrily)"
    not_before_act: str = r"\w+"
    """Pattern of words behind which one between stars only stands out: "the *waves*"."""

    determiners: str = ""  # Pattern of words with which a note in brackets begins that is spoken: "[the president]"

    # --- books of the Bible ---
    books: Mapping[str, str] = field(default_factory=dict)  # As they are said -> all that is written for one
    numbered_books: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By what is said for 1, 2, ..., divided by |: "First|Second"."""
    chapter: str = "{book} {chapter}"
    psalm: str = ""  # Where those are no chapters
    verse: str = " {first}"  # Behind the chapter
    verses: str = ""  # Of `{first}` and `{last}`
    verse_signs: str = ":"  # Between chapter and verse

    # --- telephone numbers, kings ---
    phone_groups: str = r"(?!)"
    """Pattern of groups of digits, joined with spaces, that are a telephone number without any other sign of it."""
    local_phone_groups: str = r"(?!)"  # As above, where hyphens stand between them
    phone_words: tuple[str, ...] = ()  # After these digits are read one by one
    code_words: tuple[str, ...] = ()  # As above, for short codes
    copulas: tuple[str, ...] = ()  # "is", between such a word and the digits
    king: str = "{ordinal}"  # Behind a name: of `{ordinal}` or `{capital}`, the ordinal with a capital
    ordinal_kings: int = 39  # How far kings are counted with ordinals: Felipe sexto, but Alfonso trece
    kings: tuple[str, ...] = ()  # Lower-case names that are counted
    roman_nouns: tuple[str, ...] = ()  # Lower-case words after which a Roman numeral is a number: "chapter"
    roman_before: tuple[str, ...] = ()  # Lower-case words before which a Roman numeral is an ordinal: "secolo"
    roman_endings: tuple[str, ...] = ()  # What makes an ordinal of a Roman numeral: "XXIe"
    lone_romans: str = ""  # Numerals of one sign that are some behind a word in small letters: "siglo V"
    roman_tail: str = ""  # Pattern of what belongs to a Roman numeral behind it
    plain_romans: bool = False  # Roman numerals are cardinals where no king or noun says otherwise
