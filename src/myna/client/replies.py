"""Reads the API's JSON. Tolerant of what is missing or new, strict about the shape of what it uses."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from myna.client.errors import ApiError, ReplyUnreadable, error_from_body
from myna.client.models import CloneReport, Consent, Remark, SampleReport, Voice

Json = Mapping[str, object]

_UNKNOWN_LANGUAGE = "LANGUAGE_CODE_UNSPECIFIED"


@dataclass(frozen=True, slots=True)
class VoicePage:
    voices: tuple[Voice, ...]
    next_page_token: str


def read_voice(content: bytes) -> Voice:
    return _voice(_object(content))


def read_page(content: bytes) -> VoicePage:
    body = _object(content)
    voices = tuple(_voice(entry) for entry in _objects(body.get("voices")))
    return VoicePage(voices, _text(body, "nextPageToken"))


def read_clone(content: bytes) -> CloneReport:
    body = _object(content)
    voice = body.get("voice")
    samples = tuple(_sample(entry) for entry in _objects(body.get("audioSamplesValidated")))
    if not isinstance(voice, Mapping):
        return CloneReport(None, samples)
    return CloneReport(
        voice=_voice(voice),
        samples=samples,
        is_refining=voice.get("isRefining") is True,
    )


def read_speech(content: bytes) -> bytes:
    """The audio of a whole reply."""
    return _audio(_object(content))


def read_stream_line(line: bytes) -> bytes:
    """The audio of one line of a streamed reply; may be empty. Raises: ApiError for a line that tells of a failure."""
    body = _object(line)
    if isinstance(body.get("error"), Mapping):
        raise error_from_body(ApiError.MID_STREAM, body)
    result = body.get("result", body)
    return _audio(result) if isinstance(result, Mapping) else b""


def read_nothing(_: bytes) -> None:
    """For replies whose status says it all."""


def _voice(entry: Json) -> Voice:
    voice_id = _text(entry, "voiceId")
    if not voice_id:
        raise ReplyUnreadable("The server described a voice without a voiceId: is this the address of a Myna server?")
    return Voice(
        voice_id=voice_id,
        name=_text(entry, "name"),
        display_name=_text(entry, "displayName"),
        lang_code=_text(entry, "langCode"),
        source=_text(entry, "source"),
        description=_text(entry, "description"),
        tags=_texts(entry.get("tags")),
        gender=_text(entry, "gender"),
        age_group=_text(entry, "ageGroup"),
        create_time=_text(entry, "createTime"),
        refinement=_text(entry, "refinement"),
        refinement_stage=_text(entry, "refinementStage"),
        similarity=_number(entry, "similarity"),
        clarity=_number(entry, "clarity"),
        warnings=tuple(_remark(remark) for remark in _objects(entry.get("warnings"))),
        consent=_consent(entry.get("consent")),
    )


def _consent(entry: object) -> Consent | None:
    if not isinstance(entry, Mapping):
        return None
    return Consent(
        given_by=_text(entry, "givenBy"),
        speaker=_text(entry, "speaker"),
        purpose=_text(entry, "purpose"),
        statement=_text(entry, "statement"),
        wording_version=_text(entry, "wordingVersion"),
        recordings_sha256=_texts(entry.get("recordingsSha256")),
        given_at=_text(entry, "givenAt"),
        revoked_at=_text(entry, "revokedAt"),
    )


def _sample(entry: Json) -> SampleReport:
    quality = entry.get("quality")
    return SampleReport(
        lang_code=_text(entry, "langCode").replace(_UNKNOWN_LANGUAGE, ""),
        transcript=_text(entry, "transcription"),
        warnings=tuple(_remark(remark) for remark in _objects(entry.get("warnings"))),
        errors=tuple(_remark(remark) for remark in _objects(entry.get("errors"))),
        notes=tuple(_remark(remark) for remark in _objects(entry.get("notes"))),
        wav=_decode(_text(entry, "audioData")),
        quality=_measurements(quality) if isinstance(quality, Mapping) else {},
    )


def _remark(entry: Json) -> Remark:
    return Remark(
        text=_text(entry, "text"),
        code=_text(entry, "code"),
        value=_number(entry, "value"),
        unit=_text(entry, "unit"),
        start_s=_number(entry, "startSeconds"),
        end_s=_number(entry, "endSeconds"),
    )


def _measurements(quality: Json) -> dict[str, float | int | bool | None]:
    return {name: value for name, value in quality.items() if value is None or isinstance(value, float | int)}


def _audio(body: Json) -> bytes:
    return _decode(_text(body, "audioContent"))


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as exc:
        raise ReplyUnreadable("The server sent audio that is not base64.") from exc


def _object(content: bytes) -> Json:
    try:
        body = json.loads(content)
    except ValueError as exc:
        raise ReplyUnreadable("The server's reply is not JSON: is this the address of a Myna server?") from exc
    if not isinstance(body, dict):
        raise ReplyUnreadable("The server's reply is not a JSON object: is this the address of a Myna server?")
    return body


def _objects(value: object) -> Iterable[Json]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _text(entry: Json, name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()


def _number(entry: Json, name: str) -> float | None:
    value = entry.get(name)
    return float(value) if isinstance(value, float | int) and not isinstance(value, bool) else None
