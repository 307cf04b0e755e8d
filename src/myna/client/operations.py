"""Every call of the API as a value, for both clients: what to send and how to read the answer. Sends nothing."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import quote

from myna.client import replies
from myna.client.errors import RequestRefused
from myna.client.models import CloneReport, Consent, Sample, SpeechOptions, Voice

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
    needs_key: bool = True
    """False for an address that is its own permission: it may be of another host, which is not to see the key."""


PageAfter = Callable[[str], Operation[replies.Page[T_co]]]
"""Of the token in the page before; "" for the first."""


def clone(
    samples: Sequence[Sample],
    name: str,
    *,
    lang: str,
    denoise: bool,
    description: str,
    tags: Sequence[str],
    consent: Consent | str,
    validate_only: bool,
) -> Operation[CloneReport]:
    """Raises: RequestRefused for a file that cannot be read."""
    optional = {
        "audioProcessingConfig": denoise and {"removeBackgroundNoise": True},
        "description": description,
        "tags": list(tags),
        "consent": _consent_body(consent),
        "validateOnly": validate_only,
    }
    body: dict[str, object] = {
        "displayName": name,
        "langCode": lang,
        "voiceSamples": [_sample_body(sample) for sample in samples],
        **{field: value for field, value in optional.items() if value},
    }
    return Operation("POST", f"{_VOICES}:clone", replies.read_clone, body=json_body(body))


def give_consent(voice_id: str, consent: Consent) -> Operation[Voice]:
    path = f"{_voice_path(voice_id)}:consent"
    return Operation("POST", path, replies.read_voice, body=json_body(_consent_body(consent)))


def revoke_consent(voice_id: str) -> Operation[Voice]:
    return Operation("POST", f"{_voice_path(voice_id)}:revokeConsent", replies.read_voice, body=json_body({}))


def list_page(languages: Sequence[str], where: str, order_by: str, page_token: str) -> Operation[replies.Page[Voice]]:
    optional = (("filter", where), ("orderBy", order_by), ("pageToken", page_token))
    query = (*(("languages", language) for language in languages), ("pageSize", str(_PAGE_SIZE)), *optional)
    return Operation("GET", _VOICES, replies.read_page, tuple((field, value) for field, value in query if value))


def get_voice(voice_id: str) -> Operation[Voice]:
    return Operation("GET", _voice_path(voice_id), replies.read_voice)


def update_voice(
    voice_id: str, display_name: str | None, description: str | None, tags: Sequence[str] | None
) -> Operation[Voice]:
    body = {"displayName": display_name, "description": description, "tags": None if tags is None else list(tags)}
    return Operation("PATCH", _voice_path(voice_id), replies.read_voice, body=json_body(given(body)))


def delete_voice(voice_id: str) -> Operation[None]:
    return Operation("DELETE", _voice_path(voice_id), replies.read_nothing)


def speak(voice_id: str, text: str, options: SpeechOptions) -> Operation[bytes]:
    return Operation("POST", "/tts/v1/voice", replies.read_speech, body=json_body(speech_body(voice_id, text, options)))


def stream(voice_id: str, text: str, options: SpeechOptions) -> Operation[bytes]:
    """Its answer comes in lines, each to be read by `read`."""
    body = json_body(speech_body(voice_id, text, options))
    return Operation("POST", "/tts/v1/voice:stream", replies.read_stream_line, body=body)


def _sample_body(sample: Sample) -> dict[str, str]:
    body = {"audioData": read_recording(sample.content)}
    if sample.transcript:
        body["transcription"] = sample.transcript
    return body


def read_recording(content: bytes | str | PathLike[str]) -> str:
    """In base64. content: its bytes, or its path. Raises: RequestRefused."""
    if isinstance(content, bytes):
        return base64.b64encode(content).decode("ascii")
    path = Path(content)
    try:
        return base64.b64encode(path.read_bytes()).decode("ascii")
    except OSError as exc:
        raise RequestRefused(f"The recording {path} cannot be read: {exc.strerror or exc}.") from exc


def speech_body(voice_id: str, text: str, options: SpeechOptions) -> dict[str, object]:
    """options: with their encoding settled."""
    assert options.encoding is not None
    normalize = {None: None, True: "ON", False: "OFF"}[options.normalize_text]
    named = [{"dictionary": name} for name in options.dictionaries]
    optional = {
        "language": options.lang,
        "seed": options.seed,
        "applyTextNormalization": normalize,
        "pronunciationDictionarySettings": {"dictionaries": named} if named else None,
    }
    return {
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
        **given(optional),
    }


def _consent_body(consent: Consent | str) -> dict[str, object]:
    if isinstance(consent, str):
        consent = Consent(statement=consent)
    told = ("given_by", "speaker", "purpose", "statement", "wording_version")
    return {replies.wire_name(name): value for name in told if (value := getattr(consent, name))}


def given(fields: Mapping[str, object]) -> dict[str, object]:
    """Without what is None."""
    return {name: value for name, value in fields.items() if value is not None}


def _voice_path(voice_id: str) -> str:
    if not voice_id:
        raise RequestRefused("A voice id is needed.")
    return f"{_VOICES}/{quote(voice_id, safe='')}"


def json_body(body: dict[str, object]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode("ascii")
