"""`POST /v1/detect` (wire-contract.md#detect): whether a recording holds speech of this service."""

from typing import Annotated

from fastapi import APIRouter, Depends

from myna.http.auth import Listener
from myna.http.openapi import ERRORS
from myna.http.proto_message import RecordingForm
from myna.http.reply import JsonReply, Reply
from myna.http.request_body import FormBody

router = APIRouter(prefix="/v1", tags=["watermark"], responses=ERRORS, default_response_class=JsonReply)


class DetectReply(Reply):
    """What the recording says of where it comes from."""

    is_marked: bool
    """The mark is there: a machine spoke."""
    score: float
    """0, no trace of the mark, to 1."""
    has_speech: bool
    """False: nothing in it changes as speech does, so that it was not judged."""


@router.post("/detect", summary="Look for the watermark")
async def detect(asker: Listener, message: Annotated[RecordingForm, Depends(FormBody(RecordingForm))]) -> DetectReply:
    """Whether a recording, in any accepted container, holds speech that was marked here."""
    message.check_file()
    asker.record.num_samples = 1
    found = await asker.wait_for(asker.services.detect_mark(message.file))
    return DetectReply(is_marked=found.is_marked, score=round(found.score, 4), has_speech=found.has_speech)
