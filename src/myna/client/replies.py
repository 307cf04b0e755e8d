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
    return _voice(json_object(content))


def read_page(content: bytes) -> VoicePage:
    body = json_object(content)
    voices = tuple(_voice(entry) for entry in objects_of(body.get("voices")))
    return VoicePage(voices, text_of(body, "nextPageToken"))


def read_clone(content: bytes) -> CloneReport:
    body = json_object(content)
    voice = body.get("voice")
    samples = tuple(_sample(entry) for entry in objects_of(body.get("audioSamplesValidated")))
    if not isinstance(voice, Mapping):
        return CloneReport(None, samples)
    return CloneReport(
        voice=_voice(voice),
        samples=samples,
        is_refining=voice.get("isRefining") is True,
    )


def read_speech(content: bytes) -> bytes:
    """The audio of a whole reply."""
    return _audio(json_object(content))


def read_stream_line(line: bytes) -> bytes:
    """The audio of one line of a streamed reply; may be empty. Raises: ApiError for a line that tells of a failure."""
    body = json_object(line)
    if isinstance(body.get("error"), Mapping):
        raise error_from_body(ApiError.MID_STREAM, body)
    result = body.get("result", body)
    return _audio(result) if isinstance(result, Mapping) else b""


def read_nothing(_: bytes) -> None:
    """For replies whose status says it all."""


def _voice(entry: Json) -> Voice:
    voice_id = text_of(entry, "voiceId")
    if not voice_id:
        raise ReplyUnreadable("The server described a voice without a voiceId: is this the address of a Myna server?")
    return Voice(
        voice_id=voice_id,
        name=text_of(entry, "name"),
        display_name=text_of(entry, "displayName"),
        lang_code=text_of(entry, "langCode"),
        source=text_of(entry, "source"),
        description=text_of(entry, "description"),
        tags=texts_of(entry.get("tags")),
        gender=text_of(entry, "gender"),
        age_group=text_of(entry, "ageGroup"),
        create_time=text_of(entry, "createTime"),
        refinement=text_of(entry, "refinement"),
        refinement_stage=text_of(entry, "refinementStage"),
        similarity=number_of(entry, "similarity"),
        clarity=number_of(entry, "clarity"),
        warnings=tuple(_remark(remark) for remark in objects_of(entry.get("warnings"))),
        consent=_consent(entry.get("consent")),
    )


def _consent(entry: object) -> Consent | None:
    if not isinstance(entry, Mapping):
        return None
    return Consent(
        given_by=text_of(entry, "givenBy"),
        speaker=text_of(entry, "speaker"),
        purpose=text_of(entry, "purpose"),
        statement=text_of(entry, "statement"),
        wording_version=text_of(entry, "wordingVersion"),
        recordings_sha256=texts_of(entry.get("recordingsSha256")),
        given_at=text_of(entry, "givenAt"),
        revoked_at=text_of(entry, "revokedAt"),
    )


def _sample(entry: Json) -> SampleReport:
    quality = entry.get("quality")
    return SampleReport(
        lang_code=text_of(entry, "langCode").replace(_UNKNOWN_LANGUAGE, ""),
        transcript=text_of(entry, "transcription"),
        warnings=tuple(_remark(remark) for remark in objects_of(entry.get("warnings"))),
        errors=tuple(_remark(remark) for remark in objects_of(entry.get("errors"))),
        notes=tuple(_remark(remark) for remark in objects_of(entry.get("notes"))),
        wav=_decode(text_of(entry, "audioData")),
        quality=_measurements(quality) if isinstance(quality, Mapping) else {},
    )


def _remark(entry: Json) -> Remark:
    return Remark(
        text=text_of(entry, "text"),
        code=text_of(entry, "code"),
        value=number_of(entry, "value"),
        unit=text_of(entry, "unit"),
        start_s=number_of(entry, "startSeconds"),
        end_s=number_of(entry, "endSeconds"),
    )


def _measurements(quality: Json) -> dict[str, float | int | bool | None]:
    return {name: value for name, value in quality.items() if value is None or isinstance(value, float | int)}


def _audio(body: Json) -> bytes:
    return _decode(text_of(body, "audioContent"))


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as exc:
        raise ReplyUnreadable("The server sent audio that is not base64.") from exc


def json_object(content: bytes) -> Json:
    try:
        body = json.loads(content)
    except ValueError as exc:
        raise ReplyUnreadable("The server's reply is not JSON: is this the address of a Myna server?") from exc
    if not isinstance(body, dict):
        raise ReplyUnreadable("The server's reply is not a JSON object: is this the address of a Myna server?")
    return body


def objects_of(value: object) -> Iterable[Json]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def text_of(entry: Json, name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def texts_of(value: object) -> tuple[str, ...]:
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()


def number_of(entry: Json, name: str) -> float | None:
    value = entry.get(name)
    return float(value) if isinstance(value, float | int) and not isinstance(value, bool) else None
