"""Every call of the API as a value: what to send and how to read the answer. Sends nothing itself.

The blocking and the asynchronous client share these, so that they cannot differ in what they say on the wire.
"""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import quote

from myna.client import replies
from myna.client.errors import RequestRefused
from myna.client.models import CloneReport, Sample, SpeechOptions, Voice

T_co = TypeVar("T_co", covariant=True)

_PAGE_SIZE = 500
_VOICES = "/voices/v1/voices"


@dataclass(frozen=True, slots=True)
class Operation(Generic[T_co]):
    method: str
    path: str
    read: Callable[[bytes], T_co]
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    """JSON."""


def clone(
    samples: Sequence[Sample],
    name: str,
    *,
    lang: str,
    denoise: bool,
    description: str,
    tags: Sequence[str],
    consent: str,
    validate_only: bool,
) -> Operation[CloneReport]:
    """Raises: RequestRefused for a file that cannot be read."""
    body: dict[str, object] = {
        "displayName": name,
        "langCode": lang,
        "voiceSamples": [_sample_body(sample) for sample in samples],
    }
    if denoise:
        body["audioProcessingConfig"] = {"removeBackgroundNoise": True}
    if description:
        body["description"] = description
    if tags:
        body["tags"] = list(tags)
    if consent:
        body["consent"] = consent
    if validate_only:
        body["validateOnly"] = True
    return Operation("POST", f"{_VOICES}:clone", replies.read_clone, body=_json(body))


def list_page(*, languages: Sequence[str], where: str, order_by: str, page_token: str) -> Operation[replies.VoicePage]:
    query = [("languages", language) for language in languages]
    query += [("pageSize", str(_PAGE_SIZE))]
    optional = (("filter", where), ("orderBy", order_by), ("pageToken", page_token))
    query += [(field, value) for field, value in optional if value]
    return Operation("GET", _VOICES, replies.read_page, tuple(query))


def get_voice(voice_id: str) -> Operation[Voice]:
    return Operation("GET", _voice_path(voice_id), replies.read_voice)


def update_voice(
    voice_id: str, *, display_name: str | None, description: str | None, tags: Sequence[str] | None
) -> Operation[Voice]:
    body: dict[str, object] = {}
    if display_name is not None:
        body["displayName"] = display_name
    if description is not None:
        body["description"] = description
    if tags is not None:
        body["tags"] = list(tags)
    return Operation("PATCH", _voice_path(voice_id), replies.read_voice, body=_json(body))


def delete_voice(voice_id: str) -> Operation[None]:
    return Operation("DELETE", _voice_path(voice_id), replies.read_nothing)


def speak(voice_id: str, text: str, options: SpeechOptions) -> Operation[bytes]:
    return Operation("POST", "/tts/v1/voice", replies.read_speech, body=_json(_speech_body(voice_id, text, options)))


def stream(voice_id: str, text: str, options: SpeechOptions) -> Operation[bytes]:
    """Its answer comes in lines, each to be read by `read`."""
    body = _json(_speech_body(voice_id, text, options))
    return Operation("POST", "/tts/v1/voice:stream", replies.read_stream_line, body=body)


def _sample_body(sample: Sample) -> dict[str, str]:
    body = {"audioData": base64.b64encode(_read_sample(sample)).decode("ascii")}
    if sample.transcript:
        body["transcription"] = sample.transcript
    return body


def _read_sample(sample: Sample) -> bytes:
    if isinstance(sample.content, bytes):
        return sample.content
    path = Path(sample.content)
    try:
        return path.read_bytes()
    except OSError as exc:
        raise RequestRefused(f"The recording {path} cannot be read: {exc.strerror or exc}.") from exc


def _speech_body(voice_id: str, text: str, options: SpeechOptions) -> dict[str, object]:
    assert options.encoding is not None
    body: dict[str, object] = {
        "text": text,
        "voiceId": voice_id,
        "modelId": options.model_id,
        "audioConfig": {
            "audioEncoding": options.encoding.value,
            "sampleRateHertz": options.rate_hz,
            "bitRate": options.bit_rate_bps,
            "speakingRate": options.speaking_rate,
        },
        "temperature": options.temperature,
    }
    if options.lang is not None:
        body["language"] = options.lang
    if options.seed is not None:
        body["seed"] = options.seed
    if options.normalize_text is not None:
        body["applyTextNormalization"] = "ON" if options.normalize_text else "OFF"
    return body


def _voice_path(voice_id: str) -> str:
    if not voice_id:
        raise RequestRefused("A voice id is needed.")
    return f"{_VOICES}/{quote(voice_id, safe='')}"


def _json(body: dict[str, object]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode("ascii")
