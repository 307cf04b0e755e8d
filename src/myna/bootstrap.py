"""Composition root: settings in, use cases out. With `parts.py` the only file that names concrete adapters."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from functools import partial

from myna.analysis.mark_finder import MarkFinder
from myna.audio.content_credentials import CredentialEncoders
from myna.audio.encode import FormatEncoder
from myna.config import Settings
from myna.domain.errors import MynaError
from myna.observability.audit_log import HOUSE_KEEPING, AuditLog
from myna.parts import LoadedAnalyst, build_analyst, build_engine, open_foreground
from myna.runtime.clock import SystemClock
from myna.runtime.offload import ThreadOffload
from myna.store.opening import open_stores
from myna.store.signing_identity import read_signing_identity
from myna.usecases.clone_voice import CloneVoice
from myna.usecases.design_voice import DesignVoice
from myna.usecases.detect_mark import DetectMark
from myna.usecases.keep_consent import KeepConsent
from myna.usecases.keep_dictionaries import KeepDictionaries
from myna.usecases.keep_house import KeepHouse
from myna.usecases.kept_recordings import RebuildReference
from myna.usecases.listen_live import ListenLive
from myna.usecases.manage_voices import ManageVoices
from myna.usecases.ports import EngineClient
from myna.usecases.refine_voices import RefineVoices
from myna.usecases.remake_voice import RemakeVoice
from myna.usecases.repeated_requests import RepeatedRequests
from myna.usecases.services import Services
from myna.usecases.speak_command import SpeechLimits
from myna.usecases.stock import read_stock_voices
from myna.usecases.synthesize_speech import SynthesizeSpeech
from myna.usecases.transcribe_speech import TranscribeSpeech
from myna.usecases.try_voice import TryVoice
from myna.usecases.work_off_jobs import WorkOffJobs
from myna.weights.store import WeightStore

logger = logging.getLogger(__name__)

_HOUSE_KEEPING_S = 3600.0
_MAX_SPEECH_PIECES = 1024


def build_services(
    settings: Settings, engine: EngineClient | None = None, analyst: LoadedAnalyst | None = None
) -> Services:
    """Nothing is loaded or connected before `Services.start()`. engine, analyst: None for those of this process.
    Raises: ResourceNotFound or EngineFailure for an engine that is not there, InvalidRequest for a bad store
    address."""
    clock = SystemClock()
    stores = open_stores(
        settings.data_dir,
        clock,
        settings.database_url,
        settings.blob_url,
        settings.token_secret.get_secret_value(),
        num_connections=settings.database_connections,
    )
    foreground = open_foreground(settings)
    offload = ThreadOffload(settings.analysis_threads, settings.analysis_queue_length, foreground)
    # Milliseconds each, and in the middle of speech: they wait neither behind recordings that are listened to, nor are
    # they refused before the engine has refused the request.
    offload_of_speech = ThreadOffload(settings.analysis_threads, _MAX_SPEECH_PIECES, foreground)
    offload_at_leisure = ThreadOffload(1, settings.analysis_queue_length, foreground, is_at_leisure=True)
    # Not in the foreground and not behind it: milliseconds of a job that lets live speech go first anyway.
    offload_of_jobs = ThreadOffload(1, settings.analysis_queue_length, is_at_leisure=True)
    engine = engine or build_engine(settings, foreground)
    analyst = analyst or build_analyst(settings)
    spec = engine.spec
    stock = read_stock_voices(spec)
    rebuild_reference = RebuildReference(stores.voices, engine, analyst, offload)
    try_voice = TryVoice(engine, analyst, offload, offload_at_leisure, is_enabled=settings.measure_similarity)
    refine_voices = RefineVoices(stores.voices, engine, rebuild_reference, try_voice, refines=settings.refine_voices)
    remake_voice = RemakeVoice(
        voices=stores.voices,
        stock=stock,
        engine=engine,
        rebuild_reference=rebuild_reference,
        refine_voices=refine_voices,
        is_automatic=settings.remake_voices,
    )
    keep_dictionaries = KeepDictionaries(stores.dictionaries, clock)
    keep_results = timedelta(seconds=settings.keep_results_s)
    synthesize_speech = SynthesizeSpeech(
        voices=stores.voices,
        dictionaries=keep_dictionaries,
        stock=stock,
        remake_voice=remake_voice,
        engine=engine,
        marks=settings.mark_speech,
        open_encoder=open_encoder(settings),
        offload=offload_of_speech,
        offload_of_jobs=offload_of_jobs,
        limits=SpeechLimits(**settings.model_dump(include={field.name for field in fields(SpeechLimits)})),
    )

    longest_kept = timedelta(days=settings.keep_voices_days) if settings.keep_voices_days else None
    note_deleted = partial(AuditLog(settings.data_dir).note, "delete", key_id=HOUSE_KEEPING)

    async def load_listening() -> None:
        try:
            await offload(analyst.load)
        except MynaError as exc:
            logger.error("no recording can be listened to: %s", exc)  # noqa: TRY400  (the message says it all)
        except Exception:
            logger.exception("no recording can be listened to")  # nobody awaits this task while the server runs

    begun: list[asyncio.Task[None]] = []

    async def preload() -> None:
        if settings.preload_models:
            begun.append(asyncio.create_task(load_listening()))

    async def release() -> None:
        for task in begun:
            task.cancel()
        if begun:
            await asyncio.wait(begun)
        await stores.release()
        for each in (offload, offload_of_speech, offload_at_leisure, offload_of_jobs, analyst):
            each.close()

    return Services(
        clone_voice=CloneVoice(
            voices=stores.voices,
            engine=engine,
            analyst=analyst,
            offload=offload,
            clock=clock,
            max_samples=settings.max_samples,
            try_voice=try_voice,
            refine_voices=refine_voices,
            waits=settings.clone_wait == "heard",
        ),
        synthesize_speech=synthesize_speech,
        detect_mark=DetectMark(analyst, MarkFinder(WeightStore(settings.weights_dir)), offload),
        transcribe_speech=TranscribeSpeech(analyst, offload),
        transcribe_at_leisure=TranscribeSpeech(analyst, offload_at_leisure),
        listen_live=ListenLive(analyst, offload),
        manage_voices=ManageVoices(stores.voices, stock, refine_voices.forget),
        design_voice=DesignVoice(
            voices=stores.voices,
            engine=engine,
            synthesize_speech=synthesize_speech,
            offload=offload,
            clock=clock,
            new_token=lambda: secrets.token_hex(4),
            draft_lifetime=timedelta(seconds=settings.draft_lifetime_s),
            preview_rate_hz=spec.capabilities.sample_rate_hz,
        ),
        keep_consent=KeepConsent(stores.voices, stock, clock, refine_voices),
        keep_dictionaries=keep_dictionaries,
        repeated_requests=RepeatedRequests(stores.request_keys),
        keys=stores.keys,
        tallies=stores.tallies,
        vault=stores.vault,
        voices=stores.voices,
        jobs=stores.jobs,
        engine=engine,
        clock=clock,
        stock=stock,
        refine_voices=refine_voices,
        remake_voice=remake_voice,
        work_off_jobs=WorkOffJobs(stores.jobs, keep_results),
        work_off_recordings=WorkOffJobs(stores.jobs, keep_results, is_heard=True),
        keep_house=KeepHouse(
            stores.voices, stores.jobs, _HOUSE_KEEPING_S, clock, longest_kept, note_deleted=note_deleted
        ),
        prepare_store=stores.prepare,
        preload=preload,
        release=release,
    )


def open_encoder(settings: Settings) -> Callable[..., FormatEncoder]:
    """What writes speech in a format, signed if the settings say so. Raises: InvalidRequest, ServiceUnavailable."""
    if not settings.sign_speech:
        return FormatEncoder
    return CredentialEncoders(read_signing_identity(settings.data_dir, settings.signing_identity)).open
