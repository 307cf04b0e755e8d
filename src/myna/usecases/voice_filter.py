"""The `filter` of voice listings, a subset of google.aip.dev/160, to a test on voices. `OR` binds tighter than
`AND`, two side by side mean `AND`, and one field may have several values: `tags:("a" OR "b")`. Wider: keywords in
any case, `==`."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import NoReturn

from myna.domain.errors import InvalidRequest
from myna.domain.language import LangCode
from myna.domain.voice import Voice, VoiceSource

GENDERS = ("male", "female", "neutral", "")
AGE_GROUPS = ("young", "middle_aged", "elderly", "")
"""Source: wire-contract.md#voice."""

MAX_FILTER_CHARS = 4096
_MAX_DEPTH = 32
"""Parentheses inside parentheses; deeper is a mistake or an attack on the parser's stack."""


class _Match(Enum):
    """How a field's values are compared."""

    EXACT = "exact"
    """Case matters; `:` finds it anywhere, in any case."""
    WORD = "word"
    """One of a few words; case does not matter. `:` is the same as `=`."""
    TRUTH = "truth"
    """As a word, but nothing else than `true` or `false` may be asked for."""
    LANGUAGE = "language"
    """`en` matches every English; `en-US`, `en_US` and `EN_US` match one."""
    TIME = "time"
    """RFC 3339; the only kind with an order."""


@dataclass(frozen=True, slots=True)
class Field:
    read: Callable[[Voice], tuple[str, ...]]
    match: _Match
    column: str = ""
    """Which of a voice's fields alone decides it; empty where any text may stand."""
    words: Mapping[str, str] = field(default_factory=dict)
    """All that may stand in the column, and what the filter compares in its place; what is missing never matches."""


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: "tuple[VoiceTest, ...]"

    def __call__(self, voice: Voice) -> bool:
        return all(part(voice) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: "tuple[VoiceTest, ...]"

    def __call__(self, voice: Voice) -> bool:
        return any(part(voice) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    part: "VoiceTest"

    def __call__(self, voice: Voice) -> bool:
        return not self.part(voice)


@dataclass(frozen=True, slots=True)
class Restriction:
    """One of the field's values is accepted."""

    field: Field
    accepts: Callable[[str], bool]

    def __call__(self, voice: Voice) -> bool:
        return any(self.accepts(found) for found in self.field.read(voice))


VoiceTest = AllOf | AnyOf | Not | Restriction


def is_custom(voice: Voice) -> bool:
    return voice.source is not VoiceSource.SYSTEM


def format_time(voice: Voice, precision: str = "microseconds") -> str:
    """When the voice was made, RFC 3339 in UTC."""
    return voice.created_at.isoformat(timespec=precision).replace("+00:00", "Z")


def _word(is_true: bool) -> tuple[str, ...]:
    return ("true" if is_true else "false",)


def _of_source(*shown: str) -> dict[str, str]:
    return dict(zip((VoiceSource.IVC, VoiceSource.SYSTEM), shown, strict=False))


def _itself(words: tuple[str, ...]) -> dict[str, str]:
    return {word: word for word in words}


_LANGUAGE = Field(
    lambda voice: (voice.lang.bcp47,), _Match.LANGUAGE, "lang", {lang.value: lang.bcp47 for lang in LangCode}
)
_OWNED = Field(lambda voice: _word(is_custom(voice)), _Match.TRUTH, "source", _of_source("true", "false"))
_FIELDS: dict[str, Field] = {
    "displayname": Field(lambda voice: (voice.display_name,), _Match.EXACT),
    "voiceid": Field(lambda voice: (voice.voice_id,), _Match.EXACT),
    "name": Field(lambda voice: (voice.name,), _Match.EXACT),
    "description": Field(lambda voice: (voice.description,), _Match.EXACT),
    "tags": Field(lambda voice: voice.tags, _Match.WORD),
    "source": Field(lambda voice: (voice.source.value,), _Match.WORD, "source", _of_source("IVC", "SYSTEM")),
    "gender": Field(lambda voice: (voice.gender,), _Match.WORD, "gender", _itself(GENDERS)),
    "agegroup": Field(lambda voice: (voice.age_group,), _Match.WORD, "age_group", _itself(AGE_GROUPS)),
    "langcode": _LANGUAGE,
    "languagecode": _LANGUAGE,
    "language": _LANGUAGE,
    "languages": _LANGUAGE,
    "categories": Field(lambda _voice: (), _Match.WORD, "source"),
    "owned": _OWNED,
    "iscustom": _OWNED,
    "community": Field(lambda _voice: _word(False), _Match.TRUTH, "source", _of_source("false", "false")),
    "createtime": Field(lambda voice: (format_time(voice),), _Match.TIME),
}
"""By name without underscores, lower case: `display_name` and `displayName` are one field."""

_FIELD_NAMES = (
    "source, lang_code, gender, age_group, display_name, voice_id, name, description, tags, categories, owned"
)


def compile_filter(expression: str) -> VoiceTest:
    """Raises: InvalidRequest for an unknown field or a syntax error, with the place where it was noticed."""
    if len(expression) > MAX_FILTER_CHARS:
        raise InvalidRequest(f"filter is longer than {MAX_FILTER_CHARS} characters.")
    return _Parser(expression).parse() if expression.strip() else AllOf(())


def speaks(spelling: str) -> Restriction:
    """Whether a voice speaks the language that is meant by `en`, `en-US`, `en_US` or `EN_US`."""
    return _equals(_LANGUAGE, spelling)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<comparator><=|>=|!=|==?|:|<|>)
  | (?P<bracket>[()])
  | (?P<word>[^\s()=:<>!"']+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def _tokenize(expression: str) -> list[_Token]:
    tokens: list[_Token] = []
    for match in _TOKEN.finditer(expression):
        kind, text = match.lastgroup or "", match.group()
        if kind == "other":
            _refuse(f"unexpected character at position {match.start() + 1}")
        if kind == "quoted":
            text = re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
        if kind != "space":
            tokens.append(_Token(kind, text, match.start()))
    return tokens


def _refuse(problem: str) -> NoReturn:
    raise InvalidRequest(f'filter is not valid: {problem}. Example: source = "IVC" AND lang_code = "en".')


class _Parser:
    """Recursive descent over the grammar of AIP-160, one method a rule."""

    def __init__(self, expression: str) -> None:
        self._tokens = _tokenize(expression)
        self._next = 0
        self._depth = 0
        self._before: tuple[Field, str] | None = None
        """The field and comparator that stand before the parenthesis in which the parser is."""

    def parse(self) -> VoiceTest:
        test = self._expression()
        if self._peek() is not None:
            self._stumble()
        return test

    def _expression(self) -> VoiceTest:
        """sequence {AND sequence}; a sequence is factors side by side."""
        tests = [self._factor()]
        while (token := self._peek()) is not None and token.text != ")":
            if _is_keyword(token, "AND"):
                self._next += 1
            tests.append(self._factor())
        return AllOf(tuple(tests))

    def _factor(self) -> VoiceTest:
        tests = [self._term()]
        while (token := self._peek()) is not None and _is_keyword(token, "OR"):
            self._next += 1
            tests.append(self._term())
        return AnyOf(tuple(tests))

    def _term(self) -> VoiceTest:
        token = self._peek()
        if token is not None and _is_keyword(token, "NOT"):
            self._next += 1
            return Not(self._simple())
        if token is not None and token.kind == "word" and token.text.startswith("-"):
            self._tokens[self._next] = _Token("word", token.text[1:], token.position + 1)
            if token.text == "-":
                self._next += 1
            return Not(self._simple())
        return self._simple()

    def _simple(self) -> VoiceTest:
        token = self._take()
        if token.kind == "bracket" and token.text == "(":
            self._depth += 1
            if self._depth > _MAX_DEPTH:
                _refuse(f"more than {_MAX_DEPTH} parentheses inside one another")
            test = self._expression()
            closing = self._take()
            if closing.text != ")":
                _refuse(f"a closing parenthesis is missing at position {closing.position + 1}")
            self._depth -= 1
            return test
        is_value = token.kind == "word" or (token.kind == "quoted" and self._before is not None)
        if not is_value or _is_keyword(token, "AND", "OR", "NOT"):
            self._next -= 1
            self._stumble()
        if self._before is not None:
            return _compare(*self._before, token)
        return self._restriction(token)

    def _restriction(self, name: _Token) -> VoiceTest:
        field = _FIELDS.get(name.text.replace("_", "").lower())
        if field is None:
            _refuse(f"'{name.text[:40]}' is not a field that can be filtered; use one of {_FIELD_NAMES}")
        comparator = self._take()
        if comparator.kind != "comparator":
            _refuse(f"= or : is expected at position {comparator.position + 1}")
        following = self._peek()
        if following is not None and following.text == "(" and following.kind == "bracket":
            self._before = (field, comparator.text)
            test = self._simple()
            self._before = None
            return test
        argument = self._take()
        if argument.kind not in ("word", "quoted"):
            _refuse(f"a value is expected at position {argument.position + 1}")
        return _compare(field, comparator.text, argument)

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> _Token:
        token = self._peek()
        if token is None:
            _refuse("it ends too early")
        self._next += 1
        return token

    def _stumble(self) -> NoReturn:
        token = self._peek()
        _refuse(
            "it ends too early" if token is None else f"unexpected '{token.text[:40]}' at position {token.position + 1}"
        )


def _is_keyword(token: _Token, *words: str) -> bool:
    return token.kind == "word" and token.text.upper() in words


def _compare(field: Field, comparator: str, argument: _Token) -> VoiceTest:
    value = argument.text
    if comparator in ("<", ">", "<=", ">="):
        return _in_order(field, comparator, value)
    if comparator == ":" and argument.kind == "word" and value == "*":
        return Restriction(field, bool)
    if field.match is _Match.TRUTH and value.lower() not in ("true", "false"):
        _refuse(f"'{value[:40]}' is neither true nor false")
    test = _has(field, value) if comparator == ":" else _equals(field, value)
    return Not(test) if comparator == "!=" else test


def _equals(field: Field, value: str) -> Restriction:
    if field.match is _Match.LANGUAGE:
        wanted = value.strip().replace("_", "-").lower()
        return Restriction(field, lambda found: wanted in (found.lower(), found.split("-")[0]))
    return _like(field, value, is_cased=field.match is _Match.EXACT)


def _has(field: Field, value: str) -> Restriction:
    if field.match is not _Match.EXACT:
        return _equals(field, value)
    return _like(field, value if "*" in (value[:1], value[-1:]) else f"*{value}*", is_cased=False)


def _like(field: Field, value: str, *, is_cased: bool) -> Restriction:
    """`*` at either end of the value stands for anything."""
    form = str if is_cased else str.casefold
    ends = (".*" if value.startswith("*") else "", ".*" if value.endswith("*") else "")
    pattern = re.compile(re.escape(form(value.strip("*"))).join(ends), re.DOTALL)
    return Restriction(field, lambda found: pattern.fullmatch(form(found)) is not None)


def _in_order(field: Field, comparator: str, value: str) -> Restriction:
    if field.match is not _Match.TIME:
        _refuse(f"{comparator} works on create_time only")
    compare = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}[comparator]
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        _refuse(f"'{value[:40]}' is not a time (RFC 3339)")
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return Restriction(field, lambda found: compare(datetime.fromisoformat(found), moment))
