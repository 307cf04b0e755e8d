"""Speech that is made in the background: the values, the calls, and how their answers are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from myna.client.errors import ApiError, RequestRefused, error_from_body
from myna.client.models import DEFAULT_OPTIONS, SpeechOptions, with_encoding
from myna.client.operations import Operation, json_body, speech_body
from myna.client.replies import Json, json_object, object_of, objects_of, read_fields, text_of


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One text of a batch."""

    custom_id: str
    """Yours, to find its result by; 1 to 63 characters, each once."""
    voice_id: str
    text: str
    options: SpeechOptions = DEFAULT_OPTIONS


@dataclass(frozen=True, slots=True)
class Job:
    """Speech that was asked for. `get_job` tells how it stands."""

    name: str
    is_done: bool
    error: ApiError | None
    """Why nothing came of it."""
    audio_uri: str
    """Of one text that is done: where its audio is."""
    results_uri: str
    """Of a batch that is done: what `get_results` reads."""
    expire_time: str
    """RFC 3339, UTC: until when its addresses hold."""


@dataclass(frozen=True, slots=True)
class BatchResult:
    custom_id: str
    audio_uri: str
    """Where `fetch` finds it; empty if it failed."""
    error: ApiError | None


def say_later(voice_id: str, text: str, options: SpeechOptions) -> Operation[Job]:
    body = json_body(speech_body(voice_id, text, with_encoding(options)))
    return Operation("POST", "/tts/v1/voice:synthesizeAsync", _read_job, body=body)


def say_batch(items: Sequence[BatchItem]) -> Operation[Job]:
    bodies = [
        {"customId": item.custom_id, "request": speech_body(item.voice_id, item.text, with_encoding(item.options))}
        for item in items
    ]
    return Operation("POST", "/tts/v1/voice:synthesizeBatch", _read_job, body=json_body({"items": bodies}))


def get(name: str) -> Operation[Job]:
    return Operation("GET", f"/lro/v1alpha/{quote(name)}", _read_job)


def get_results(job: Job) -> Operation[tuple[BatchResult, ...]]:
    return Operation("GET", _given(job.results_uri), _read_results, needs_key=False)


def fetch(uri: str) -> Operation[bytes]:
    return Operation("GET", _given(uri), bytes, needs_key=False)


def _given(uri: str) -> str:
    if not uri:
        raise RequestRefused("The job has no results yet, or failed.")
    return uri


def _read_job(content: bytes) -> Job:
    body = json_object(content)
    known = {"name": text_of(body, "name"), "is_done": body.get("done") is True, "error": _error(body)}
    return read_fields(Job, object_of(body, "response"), **known)


def _read_results(content: bytes) -> tuple[BatchResult, ...]:
    return tuple(
        read_fields(BatchResult, entry, error=_error(entry))
        for entry in objects_of(json_object(content).get("results"))
    )


def _error(body: Json) -> ApiError | None:
    return error_from_body(ApiError.MID_STREAM, body) if isinstance(body.get("error"), Mapping) else None
