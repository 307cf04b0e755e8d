"""The fields of OpenAI's `POST /v1/audio/speech` (wire-contract.md#openai)."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from myna.http.proto_message import Float, Int, ProtoMessage, Text
from myna.http.speech_requests import ModelId
from myna.usecases.models import DEFAULT_MODEL


def _voice_name(value: object) -> object:
    """Newer clients send `{"id": ...}`."""
    return value.get("id", "") if isinstance(value, dict) else value


class CreateSpeechRequest(ProtoMessage):
    """OpenAI's fields; `model` and `voice` are OpenAI's names or ours."""

    model: ModelId = DEFAULT_MODEL
    input: Text = ""
    voice: Annotated[Text, BeforeValidator(_voice_name)] = ""
    response_format: Annotated[Text, Field(description="mp3, opus, flac, wav or pcm (24 kHz).")] = ""
    speed: Annotated[Float, Field(description="0.25 to 4.")] = 0.0
    stream_format: Annotated[Text, Field(description="audio, or sse for events.")] = ""
    instructions: Annotated[Text, Field(description="Taken, without effect.")] = ""
    language: Annotated[Text, Field(description="Extra: BCP-47; absent: heard from the text.")] = ""
    seed: Annotated[Int, Field(description="Extra: same seed, same speech.")] = 0
