"""Requests as protobuf-JSON."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myna.domain.errors import InvalidRequest, MynaError
from myna.domain.voice import WorkspaceId
from myna.http.openai import CreateSpeechRequest
from myna.http.proto_message import parse_message
from myna.http.socket_schemas import CreateContext
from myna.http.speech_requests import SpeakRequest
from myna.http.strict_json import parse_object
from myna.http.voice_requests import CloneVoiceRequest, DesignVoiceRequest, UpdateVoiceRequest

_ON_A_BUSY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_ON_A_BUSY_MACHINE
@given(st.binary(max_size=300), st.booleans(), st.booleans())
def test_bytes_survive_every_base64_spelling(content: bytes, is_url_safe: bool, is_padded: bool) -> None:
    """Standard and url-safe, padded and not, decode to the same bytes."""
    text = (base64.urlsafe_b64encode if is_url_safe else base64.b64encode)(content).decode()
    body = json.dumps({"voiceSamples": [{"audioData": text if is_padded else text.rstrip("=")}]})
    assert content == parse_message(body, CloneVoiceRequest).voice_samples[0].audio_data


@pytest.mark.parametrize(
    "text",
    ["a", "YR", "AAA==", "ab=c", "ab==c", "a b=", "abc===", "ä===", "YQ==YQ==", "data:AAAA", "data:audio/wav,AA A"],
)
def test_bad_base64_is_refused(text: str) -> None:
    """What is not base64 is named as such, with its field."""
    with pytest.raises(InvalidRequest, match=r"voiceSamples\[0\]\.audioData"):
        parse_message(json.dumps({"voiceSamples": [{"audioData": text}]}), CloneVoiceRequest)


@pytest.mark.parametrize("head", ["", "data:audio/webm;codecs=opus;base64,"])
@pytest.mark.parametrize("line_end", ["", "\n", "\r\n"])
def test_base64_may_be_as_phones_and_browsers_write_it(head: str, line_end: str) -> None:
    """In lines (Android, Java, Ruby, the command), and as a data URL (a browser's `FileReader`)."""
    content = bytes(range(256))
    text = head + base64.encodebytes(content).decode().replace("\n", line_end)
    body = json.dumps({"voiceSamples": [{"audioData": text}]})
    assert content == parse_message(body, CloneVoiceRequest).voice_samples[0].audio_data


def test_half_a_character_costs_no_more_than_itself() -> None:
    """Programs in UTF-16 cut texts in the middle of an emoji; a whole one stays."""
    body = rb'{"text": "a \ud83d", "b\udc00": ["\ude00 b", "\ud83d\ude00"]}'
    assert parse_object(body) == {"text": "a \ufffd", "b\ufffd": ["\ufffd b", "\U0001f600"]}


def test_both_spellings_may_be_mixed() -> None:
    """camelCase and snake_case fields of one body, nested too; unknown fields are ignored, null is absent."""
    body = {
        "voice_id": "Dennis",
        "modelId": "inworld-tts-1",
        "audio_config": {"audioEncoding": "PCM", "sample_rate_hertz": 16000, "bitrate": 1, "temperature": 3},
        "timestamp_type": "WORD",
        "applyTextNormalization": None,
        "lipsyncConfig": None,
        "nobodyKnows": {"this": [1, 2]},
    }
    message = parse_message(json.dumps(body), SpeakRequest)
    command = message.to_command(WorkspaceId("acme"))
    assert (
        command.voice_id,
        command.audio_format.sample_rate_hz,
        command.audio_format.encoding,
        message.timestamp_type,
    ) == ("Dennis", 16000, "PCM", "WORD")
    assert command.normalize_text


@pytest.mark.parametrize("spelling", ["TIMESTAMP_TYPE_UNSPECIFIED", "word", "", 7, {}, [], True])
def test_unknown_enum_values_are_unset(spelling: Any) -> None:
    """An enum value that nobody knows is ignored (wire-contract.md#json)."""
    message = parse_message(
        json.dumps({"timestampType": spelling, "audioConfig": {"audioEncoding": "X"}}), SpeakRequest
    )
    assert message.timestamp_type is None
    assert message.audio_config.audio_encoding is None


@pytest.mark.parametrize(
    ("field", "value", "rate_hz", "speed"),
    [
        ("sampleRateHertz", "24000", 24000, 1.0),
        ("sampleRateHertz", 24000.0, 24000, 1.0),
        ("speakingRate", "1.25", 48000, 1.25),
        ("speakingRate", 1, 48000, 1.0),
    ],
)
def test_numbers_may_be_strings(field: str, value: Any, rate_hz: int, speed: float) -> None:
    """Proto-JSON takes numbers as strings, and whole numbers with a point."""
    message = parse_message(json.dumps({"audioConfig": {field: value}}), SpeakRequest)
    command = message.to_command(WorkspaceId("acme"))
    assert (command.audio_format.sample_rate_hz, command.speaking_rate) == (rate_hz, speed)


def test_a_byte_order_mark_is_overlooked() -> None:
    """Some shells and editors put one in front (RFC 8259, 8.1)."""
    assert parse_object(b"\xef\xbb\xbf" + b'{"text": "a"}') == {"text": "a"}


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"x"',
        b"7",
        b"{",
        b'{"a":1,}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"text":"\xff"}',
        b'{"text":"a","text":"b"}',
        b'{"a":' * 100_000,
        b'{"a":' + b"[" * 100_000,
        b'{"a":[' + b"{}," * 300_000 + b"{}]}",
        b'{"seed":' + b"9" * 5000 + b"}",
        b"\xff\xfe{\x00}\x00",
    ],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    """Broken JSON, broken text, repeated names, depth and floods: an error of ours, never another."""
    with pytest.raises(InvalidRequest):
        parse_object(body)


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (CloneVoiceRequest, {"displayName": 7}),
        (CloneVoiceRequest, {"displayName": "a\nb"}),
        (CloneVoiceRequest, {"displayName": "x" * 201}),
        (CloneVoiceRequest, {"voiceSamples": "AAAA"}),
        (CloneVoiceRequest, {"voiceSamples": {"audioData": "AAAA"}}),
        (CloneVoiceRequest, {"voiceSamples": [None]}),
        (CloneVoiceRequest, {"voiceSamples": [[]]}),
        (CloneVoiceRequest, {"tags": "demo"}),
        (CloneVoiceRequest, {"tags": ["x"] * 65}),
        (CloneVoiceRequest, {"audioProcessingConfig": {"removeBackgroundNoise": "yes"}}),
        (UpdateVoiceRequest, {"description": "a\0b"}),
        (SpeakRequest, {"text": 5}),
        (SpeakRequest, {"audioConfig": []}),
        (SpeakRequest, {"audioConfig": {"sampleRateHertz": 24000.5}}),
        (SpeakRequest, {"audioConfig": {"speakingRate": True}}),
        (SpeakRequest, {"temperature": "nan"}),
        (SpeakRequest, {"temperature": "warm"}),
        (SpeakRequest, {"temperature": 10**400}),
    ],
)
def test_wrong_types_name_the_field(message: Any, fields: dict[str, Any]) -> None:
    """The message says which field is wrong and does not repeat what was in it."""
    with pytest.raises(InvalidRequest) as caught:
        parse_message(json.dumps(fields), message)
    assert caught.value.message.startswith(next(iter(fields)))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
_FIELD = st.sampled_from(
    [
        "text",
        "voiceId",
        "model_id",
        "audioConfig",
        "temperature",
        "language",
        "seed",
        "lipsyncConfig",
        "timestampType",
        "displayName",
        "langCode",
        "languageCode",
        "voiceSamples",
        "description",
        "tags",
        "consent",
        "gender",
        "voice_design_config",
        "designPrompt",
        "input",
        "voice",
        "speed",
        "maxBufferDelayMs",
        "bufferCharThreshold",
        "auto_mode",
        "autoModeStrategy",
    ]
)
_READERS: tuple[Callable[[str], object], ...] = (
    lambda body: parse_message(body, SpeakRequest).to_command(WorkspaceId("acme")),
    lambda body: parse_message(body, CloneVoiceRequest).to_command(WorkspaceId("acme")),
    lambda body: parse_message(body, UpdateVoiceRequest).to_change(),
    lambda body: parse_message(body, DesignVoiceRequest).to_command(WorkspaceId("acme")),
    lambda body: parse_message(body, CreateSpeechRequest),
    lambda body: parse_message(body, CreateContext).to_buffering(),
)


@_ON_A_BUSY_MACHINE
@given(st.dictionaries(_FIELD, _JSON, max_size=6), st.sampled_from(_READERS))
def test_any_json_is_read_or_refused(fields: dict[str, Any], read: Callable[[str], object]) -> None:
    """Whatever JSON arrives, either it is understood or an error of ours says why not."""
    try:
        read(json.dumps(fields))
    except MynaError as exc:
        assert exc.message
