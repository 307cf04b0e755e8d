"""An item of a job, spoken or heard as a request of its workspace."""

from contextlib import aclosing, suppress
from dataclasses import replace

from myna.domain.errors import CredentialsExpired, MynaError, TextUnspeakable
from myna.domain.language import parse_lang_code
from myna.domain.speech import AudioEncoding
from myna.domain.voice import WorkspaceId
from myna.http.backend import Backend
from myna.http.errors import describe, describe_bug
from myna.http.proto_message import parse_message
from myna.http.reply import to_json
from myna.http.speech import MEDIA_TYPES, speak_along
from myna.http.speech_payloads import whole_timestamps
from myna.http.speech_requests import SpeakRequest
from myna.http.stt_replies import HeardDocument
from myna.http.stt_request import TranscribeConfigMessage
from myna.observability.logging import log_request
from myna.observability.request_record import RequestRecord
from myna.usecases.job_store import ClaimedItem, Failure, SpokenItem
from myna.usecases.speak_command import SpeakCommand

ASYNC_ROUTE, BATCH_ROUTE = "/tts/v1/voice:synthesizeAsync", "/tts/v1/voice:synthesizeBatch"
_HEARING_ROUTE = "/stt/v1/transcribe:async"

_WITHOUT_HEADER = (AudioEncoding.PCM, AudioEncoding.ALAW, AudioEncoding.MULAW)


class BackendItems:
    """Implements `ItemSpeaker`: the same way as every other request, with quotas, consent, audit and metrics."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def __call__(self, claimed: ClaimedItem) -> SpokenItem:
        job = claimed.job
        route = _HEARING_ROUTE if job.is_heard else BATCH_ROUTE if job.is_batch else ASYNC_ROUTE
        record = RequestRecord("item", job.request_id, method="JOB", route=route, status=200)
        record.workspace, record.key_id = job.workspace, job.key_id
        try:
            with suppress(CredentialsExpired):  # it was good when it asked; only revoking says that it must not
                await self._backend.services.keys.vouch(job.key_id)
            return await (self._hear if job.is_heard else self._speak)(claimed, record)
        except MynaError as exc:
            failure = describe(exc)
            record.status, record.error_code = failure.status, failure.error_code
            raise
        finally:
            record.finish()
            self._backend.metrics.observe(record)
            log_request(record)

    async def _speak(self, claimed: ClaimedItem, record: RequestRecord) -> SpokenItem:
        message = parse_message(claimed.message, SpeakRequest)
        command = item_command(message, claimed.job.workspace)
        async with aclosing(speak_along(self._backend, command, record)) as spoken:
            chunks = [chunk async for chunk in spoken]
        if not chunks:
            raise TextUnspeakable("text holds nothing that can be spoken.")
        timestamps = None
        if message.timestamp_type is not None or message.lipsync_config is not None:
            timestamps = to_json(whole_timestamps(message, chunks) or {})
        encoding = command.audio_format.encoding
        media_type = "application/octet-stream" if encoding in _WITHOUT_HEADER else MEDIA_TYPES[encoding]
        return SpokenItem(b"".join(chunk.content for chunk in chunks), media_type, timestamps)

    async def _hear(self, claimed: ClaimedItem, record: RequestRecord) -> SpokenItem:
        config = parse_message(claimed.message, TranscribeConfigMessage)
        recording = await self._backend.services.jobs.get_recording(claimed)
        record.model, record.num_samples = config.model_id, 1
        hear = self._backend.services.transcribe_at_leisure.hear_long
        transcript = await hear(recording, parse_lang_code(config.language), config.prompt, config.raw_form)
        record.lang = transcript.lang.value if transcript.lang is not None else ""
        document = HeardDocument.of(transcript, config)
        return SpokenItem(to_json(document.to_wire()), "application/json")

    def tell(self, error: Exception) -> Failure:
        failure = describe(error) if isinstance(error, MynaError) else describe_bug(error)[0]
        return failure.body()


def item_command(message: SpeakRequest, workspace: WorkspaceId) -> SpeakCommand:
    """Raises: InvalidRequest, LanguageUnsupported."""
    return replace(message.to_command(workspace, message.text, is_stream=False), is_background=True)
