"""`POST /stt/v1/transcribe` (wire-contract.md#stt): a whole recording in, its words out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from myna.domain.language import parse_lang_code
from myna.http.auth import Listener
from myna.http.backend import WithBackend
from myna.http.json_body import JsonBody
from myna.http.openapi import ERRORS
from myna.http.reply import JsonReply
from myna.http.stt_replies import TranscribeReply
from myna.http.stt_request import TranscribeRequest
from myna.http.transcriptions import transcribe_along

router = APIRouter(prefix="/stt/v1", tags=["listening"], responses=ERRORS, default_response_class=JsonReply)


@router.post("/transcribe", summary="Write down what is said", response_model_exclude_unset=True)
async def transcribe(
    request: Request,
    _grant: Listener,
    message: Annotated[TranscribeRequest, Depends(JsonBody(TranscribeRequest, is_large=True))],
    backend: WithBackend,
) -> TranscribeReply:
    """The words of a recording, each with its time if that is asked for."""
    config, recording = message.check()
    lang = parse_lang_code(config.language, "language")
    transcript = await transcribe_along(request, backend, recording, lang, config.model_id)
    return TranscribeReply.of(transcript, config, is_strict=backend.limits.strict_replies)
