"""Speech and words that are made in the background (wire-contract.md#jobs): asked for, looked after, fetched."""

import asyncio
import hmac
import re
import secrets
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from myna.domain.errors import ConsentRevoked, InvalidRequest, MynaError, PayloadTooLarge, VoiceNotFound
from myna.domain.language import LangCode, parse_lang_code
from myna.domain.scope import Scope
from myna.domain.voice import VoiceId, WorkspaceId
from myna.http.asker import Asker
from myna.http.auth import Caller, Listener, Speaker, check_scope
from myna.http.backend import Backend, WithBackend
from myna.http.job_items import ASYNC_ROUTE, BATCH_ROUTE, item_command
from myna.http.job_messages import (
    BatchRequest,
    BatchResultReply,
    BatchResultsReply,
    JobResponseReply,
    OperationReply,
    StatusReply,
    operation_name,
)
from myna.http.openapi import ERRORS, content_of
from myna.http.proto_message import ProtoMessage
from myna.http.pulled_response import PulledResponse
from myna.http.reply import JsonReply, to_json
from myna.http.request_body import JsonBody, JsonOrFormBody
from myna.http.speech import SpokenText
from myna.http.speech_requests import SpeakRequest
from myna.http.stt_request import AsyncTranscribeRequest
from myna.usecases.job_store import Job, JobItem, NewItem, unknown_job

_MAX_UNFINISHED = 32
"""Jobs of one workspace."""
_NAME = re.compile(r"workspaces/[^/]+/(?:tts|stt)(?:Async|Batch)Jobs/([0-9a-f]{32})/operations/[\w-]+", re.ASCII)
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)
_JSON = "application/json"
_RESULTS, _TIMESTAMPS = "results.json", "timestamps.json"
_PIECE_BYTES = 64 * 1024
_EXTENSIONS = {"audio/mpeg": "mp3", "audio/ogg": "ogg", "audio/flac": "flac", "audio/wav": "wav", _JSON: "json"}

router = APIRouter(tags=["speech"], responses=ERRORS, default_response_class=JsonReply)


@router.post(ASYNC_ROUTE, summary="Speak a text in the background", response_model_exclude_unset=True)
async def synthesize_async(asker: Speaker, message: SpokenText) -> OperationReply:
    """Up to 100,000 characters. Ask for the operation until it is done."""
    return await _submit(asker, [("", message)], is_batch=False)


@router.post(BATCH_ROUTE, summary="Speak many texts in the background", response_model_exclude_unset=True)
async def synthesize_batch(
    asker: Speaker, message: Annotated[BatchRequest, Depends(JsonBody(BatchRequest, is_large=True))]
) -> OperationReply:
    """All of them or, if one is not valid, none. Ask for the operation until it is done."""
    message.check()
    return await _submit(asker, [(item.custom_id, item.request) for item in message.items], is_batch=True)


@router.post(
    "/stt/v1/transcribe:async", summary="Write down what is said, in the background", response_model_exclude_unset=True
)
async def transcribe_async(
    asker: Listener, message: Annotated[AsyncTranscribeRequest, Depends(JsonOrFormBody(AsyncTranscribeRequest))]
) -> OperationReply:
    """A recording of up to four hours. Ask for the operation until it is done."""
    config, recording = message.check()
    if len(recording) > (most := asker.backend.limits.max_sample_bytes):
        raise PayloadTooLarge(
            f"The recording is over the limit of {most / 2**20:g} MiB. Send it compressed, or in parts."
        )
    parse_lang_code(config.language, "language")
    asker.record.model = config.model_id
    await asker.wait_for(asker.services.transcribe_speech.check(recording, config.raw_form))
    return await _keep(asker, [NewItem("", VoiceId(""), _stored(config), recording)], is_heard=True)


@router.get("/lro/v1alpha/{name:path}", summary="Show an operation", response_model_exclude_unset=True)
async def get_operation(asker: Caller, name: str) -> OperationReply:
    """How a job stands, and where its results are."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise unknown_job()
    jobs = asker.services.jobs
    job = await jobs.get(asker.workspace, found[1])
    if name != operation_name(job):
        raise unknown_job()
    check_scope(asker.grant, Scope.LISTEN if job.is_heard else Scope.SPEAK)
    if job.expires_at is None:
        return OperationReply(name=name, done=False)
    links = _Links(asker.request, asker.backend, job)
    if job.is_batch:
        result = {"results_uri": links.to(_RESULTS)}
    else:
        item = await jobs.get_item(job.job_id, 0)
        if item.failure is not None:
            return OperationReply(name=name, done=True, error=StatusReply.of(item.failure))
        result = links.of(0, item)
        if job.is_heard:
            result = {"result_uri": result["audio_uri"]}
    return OperationReply(name=name, done=True, response=JobResponseReply(**result, expire_time=job.expires_at))


@router.get(
    "/tts/v1/results/{job_id}/{name}",
    summary="Fetch a result",
    responses=content_of({"application/octet-stream": "The audio, its timestamps, or the list of a batch's results."}),
)
async def get_result(
    request: Request, job_id: str, name: str, backend: WithBackend, signature: Annotated[str, Query()] = ""
) -> Response:
    """Under the addresses that an operation names, without a key, until they expire."""
    expected = backend.services.vault.sign_link(f"{job_id}/{name}")
    if not hmac.compare_digest(signature.encode(errors="replace"), expected.encode()):
        raise unknown_job()
    jobs = backend.services.jobs
    job = await jobs.find(job_id)
    if name == _RESULTS:
        items = await jobs.get_items(job_id)
        links = _Links(request, backend, job)
        return Response(await asyncio.to_thread(lambda: to_json(_results(links, items).to_wire())), media_type=_JSON)
    position = int(name.partition(".")[0])
    await _refuse_if_revoked(backend, job.workspace, (await jobs.get_item(job_id, position)).voice_id)
    spoken = await jobs.get_result(job_id, position)
    if name.endswith(_TIMESTAMPS):
        return Response(spoken.timestamps, media_type=_JSON)
    whole = range(len(spoken.audio))
    asked = _asked_part(request.headers.get("range", ""), whole)
    part = asked or whole
    pieces = _iter_pieces(backend, spoken.audio[part.start : part.stop])
    reply = PulledResponse(await anext(pieces, b""), pieces, spoken.media_type, backend.limits.send_stall_s)
    if asked is not None:
        reply.status_code = 206
        reply.headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{len(whole)}"
    reply.headers["accept-ranges"] = "bytes"
    # A download that is cut shows as one.
    reply.headers["content-length"] = str(len(part))
    # Who has the address may play it, in a page of any origin.
    reply.headers["cross-origin-resource-policy"] = "cross-origin"
    return reply


def _asked_part(header: str, whole: range) -> range | None:
    """What a `Range` of one part names: Safari plays nothing from who does not answer it. None of any other."""
    found = _RANGE.fullmatch(header)
    if found is None or header == "bytes=-":
        return None
    first, last = (int(place) if place else None for place in found.groups())
    if first is None:
        return whole[-last:] if last else None
    return (whole[first : None if last is None else last + 1]) or None


async def _iter_pieces(backend: Backend, content: bytes) -> AsyncGenerator[bytes, None]:
    """Counted with the bodies that are in memory, until all is sent. Raises: Overloaded, before the first piece."""
    with backend.bodies.hold() as grow:
        grow(len(content))
        for first in range(0, len(content), _PIECE_BYTES):
            yield content[first : first + _PIECE_BYTES]


async def _submit(asker: Asker, items: Sequence[tuple[str, SpeakRequest]], *, is_batch: bool) -> OperationReply:
    """Raises: what is wrong with an item, QuotaExhausted, Overloaded."""
    asker.record.chars = sum(len(message.text) for _, message in items)
    await asker.backend.allowances.check_speech(asker.workspace)
    return await _keep(asker, await _check_items(asker, items, is_batch=is_batch), is_batch=is_batch)


async def _keep(
    asker: Asker, items: Sequence[NewItem], *, is_batch: bool = False, is_heard: bool = False
) -> OperationReply:
    """Raises: Overloaded."""
    services, grant = asker.services, asker.grant
    job_id, now = secrets.token_hex(16), services.clock.now()
    job = Job(job_id, grant.workspace, is_batch, grant.key_id, asker.record.request_id, now, is_heard=is_heard)
    await services.jobs.add(job, items, _MAX_UNFINISHED)
    (services.work_off_recordings if is_heard else services.work_off_jobs).begin()
    return OperationReply(name=operation_name(job), done=False)


def _stored(message: ProtoMessage) -> str:
    return to_json(message.model_dump(by_alias=True, exclude_defaults=True)).decode("ascii")


async def _check_items(asker: Asker, items: Sequence[tuple[str, SpeakRequest]], *, is_batch: bool) -> Sequence[NewItem]:
    """Every rule that can be checked before anything is spoken. Raises: the first item's error, with its index."""
    speech = asker.services.synthesize_speech
    seen: dict[tuple[object, ...], LangCode] = {}
    new_items = []
    for index, (custom_id, message) in enumerate(items):
        try:
            if not message.text.strip():
                raise InvalidRequest("text is required.")
            command = item_command(message, asker.workspace)
            speech.check(command)
            asks = (command.voice_id, command.design_prompt, command.lang)
            if (asked := (*asks, command.uses_dictionaries, command.dictionaries, command.model_id)) not in seen:
                seen[asked] = await speech.check_voice(command)
            await speech.check_text(command, seen[asked])
        except MynaError as exc:
            if not is_batch:
                raise
            raise type(exc)(f"items[{index}].request: {exc.message}", exc.retry_after_s) from exc
        new_items.append(NewItem(custom_id, command.voice_id, _stored(message)))
        if index % 100 == 99:
            # Others want the event loop too.
            await asyncio.sleep(0)
    return new_items


class _Links:
    """Addresses of one job's results, as whoever asks sees this server."""

    def __init__(self, request: Request, backend: Backend, job: Job) -> None:
        self._base = f"{request.base_url}tts/v1/results/"
        self._vault = backend.services.vault
        self._job_id = job.job_id

    def to(self, name: str) -> str:
        path = f"{self._job_id}/{name}"
        return f"{self._base}{path}?signature={self._vault.sign_link(path)}"

    def of(self, position: int, item: JobItem) -> dict[str, str]:
        """`audio_uri` and, if they were asked for, `timestamps_uri`."""
        links = {"audio_uri": self.to(f"{position}.{_EXTENSIONS.get(item.media_type, 'raw')}")}
        if item.has_timestamps:
            links["timestamps_uri"] = self.to(f"{position}.{_TIMESTAMPS}")
        return links


def _results(links: _Links, items: Sequence[JobItem]) -> BatchResultsReply:
    results = []
    for position, item in enumerate(items):
        told = {"error": StatusReply.of(item.failure)} if item.failure is not None else links.of(position, item)
        results.append(BatchResultReply.model_validate({"custom_id": item.custom_id, **told}))
    return BatchResultsReply(results=results, failed_items=sum(item.failure is not None for item in items))


async def _refuse_if_revoked(backend: Backend, workspace: WorkspaceId, voice_id: VoiceId) -> None:
    """What was said stays until it expires, unless the voice's consent is revoked. Raises: ConsentRevoked."""
    if not voice_id or backend.services.stock.find(voice_id) is not None:
        return
    try:
        (await backend.services.voices.get(workspace, voice_id)).refuse_if_revoked()
    except VoiceNotFound:
        if await backend.services.voices.list_revocations(workspace, voice_id):
            raise ConsentRevoked("The consent to this voice was revoked.") from None
