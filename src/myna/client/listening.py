"""What is said in a recording: the values, the call, and how its answer is read."""

from dataclasses import dataclass
from os import PathLike

from myna.client.operations import Operation, given, json_body, read_recording
from myna.client.replies import json_object, number_of, object_of, objects_of, text_of

_MODEL = "groq/whisper-large-v3"


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start_s: float
    end_s: float
    confidence: float | None
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class Transcript:
    text: str
    lang_code: str
    """BCP-47; empty if nothing is said, or the server does not tell."""
    words: tuple[Word, ...]
    """Empty unless asked for."""
    duration_s: float
    """Of the recording."""


def transcribe(recording: bytes | str | PathLike[str], lang: str | None, with_words: bool) -> Operation[Transcript]:
    """Raises: RequestRefused for a file that cannot be read."""
    config = given({"modelId": _MODEL, "audioEncoding": "AUTO_DETECT", "language": lang})
    body = {
        "transcribeConfig": config | {"includeWordTimestamps": with_words},
        "audioData": {"content": read_recording(recording)},
    }
    return Operation("POST", "/stt/v1/transcribe", _read_transcript, body=json_body(body))


def _read_transcript(content: bytes) -> Transcript:
    body = json_object(content)
    heard, usage = object_of(body, "transcription"), object_of(body, "usage")
    return Transcript(
        text=text_of(heard, "transcript"),
        lang_code=text_of(heard, "language"),
        words=tuple(
            Word(
                text_of(word, "word"),
                (number_of(word, "startTimeMs") or 0) / 1000,
                (number_of(word, "endTimeMs") or 0) / 1000,
                number_of(word, "confidence"),
            )
            for word in objects_of(heard.get("wordTimestamps"))
        ),
        duration_s=(number_of(usage, "transcribedAudioMs") or 0) / 1000,
    )
