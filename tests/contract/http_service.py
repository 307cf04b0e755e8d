"""A whole service for tests of the HTTP edge: real use cases, runtime, encoders; tone engine; stores in memory."""

import asyncio
import base64
import io
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import soundfile
import uvicorn
import websockets
from tests.memory_stores import (
    MemoryDictionaryStore,
    MemoryJobStore,
    MemoryKeyStore,
    MemoryRequestKeys,
    MemoryTallies,
    MemoryVoiceStore,
)

from myna.analysis.mark_finder import MarkFinder
from myna.audio.encode import encode_wav
from myna.cli.server import listen_at
from myna.config import Settings
from myna.domain.errors import AudioUndecodable
from myna.domain.finding import Finding, Severity
from myna.domain.language import LangCode
from myna.domain.sample import AnalysedSample, SampleQuality, SampleRequest
from myna.domain.scope import READ, WRITE
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.transcript import FoundSpeech, HeardPassage, HeardWord, SpeechPassage, Talk
from myna.domain.voice import WorkspaceId
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.base import EngineSettings, EngineSpec
from myna.engines.tone.engine import ToneEngine
from myna.engines.tone.spec import SPEC
from myna.http.app import create_app
from myna.http.limits import HttpLimits
from myna.http.prompt_connections import PromptHttpProtocol
from myna.http.server import server_config
from myna.observability.audit_log import AuditLog
from myna.runtime.foreground import Foreground
from myna.runtime.in_process import InProcessEngineClient
from myna.runtime.offload import ThreadOffload
from myna.store.vault import Vault
from myna.testing.clock import FixedClock
from myna.usecases.clone_voice import CloneVoice
from myna.usecases.design_voice import DesignVoice
from myna.usecases.detect_mark import DetectMark
from myna.usecases.job_store import JobStore
from myna.usecases.keep_consent import KeepConsent
from myna.usecases.keep_dictionaries import KeepDictionaries
from myna.usecases.keep_house import KeepHouse
from myna.usecases.kept_recordings import RebuildReference
from myna.usecases.listen_live import ListenLive
from myna.usecases.manage_voices import ManageVoices
from myna.usecases.ports import DictionaryStore, EngineClient, RequestKeys, SampleAnalyst, VoiceStore
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

WORKSPACE = WorkspaceId("acme")
OTHER_WORKSPACE = WorkspaceId("rival")
_RATE_HZ = 24000
_MAX_S = 15.0


class PlainAnalyst:
    """Implements `SampleAnalyst` without models: decodes, cuts, measures the duration and the level."""

    def analyse(self, sample: SampleRequest) -> AnalysedSample:
        try:
            samples, rate_hz = soundfile.read(io.BytesIO(sample.content), dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as exc:
            raise AudioUndecodable("the bytes are not audio that we can read.") from exc
        mono = samples.mean(axis=1)
        duration_s = len(mono) / rate_hz
        findings = []
        if duration_s > _MAX_S:
            findings.append(
                Finding("TOO_LONG", Severity.WARNING, "Only the first 15 s are used.", duration_s, "s", 15.0)
            )
        if duration_s < 1.0:
            findings.append(Finding("TOO_SHORT", Severity.ERROR, "Audio is too short.", duration_s, "s"))
        kept = mono[: int(_MAX_S * rate_hz)]
        positions = np.arange(0, len(kept), rate_hz / _RATE_HZ)
        at_rate = np.interp(positions, np.arange(len(kept)), kept).astype(np.float32)
        quality = SampleQuality(
            duration_s, min(duration_s, _MAX_S), float("nan"), 3.5, 3.6, 4.0, 8000.0, -23.0, -3.0, 0.0, 1, 0.0, _MAX_S
        )
        lang = sample.lang or LangCode.EN_US
        return AnalysedSample(
            tuple(findings), Waveform(at_rate, _RATE_HZ), sample.transcript or "what was heard", lang, quality
        )

    def join(self, samples: Sequence[AnalysedSample], rate_hz: int, max_s: float) -> ReferenceAudio:
        waveform = samples[0].processed
        assert waveform is not None
        step = waveform.sample_rate_hz / rate_hz
        positions = np.arange(0, len(waveform.samples), step)
        joined = np.interp(positions, np.arange(len(waveform.samples)), waveform.samples).astype(np.float32)
        return ReferenceAudio(Waveform(joined[: int(max_s * rate_hz)], rate_hz), "", samples[0].lang or LangCode.EN_US)

    def read(self, content: bytes) -> Waveform:
        heard = self.analyse(SampleRequest(content, "", None)).processed
        assert heard is not None
        return heard

    def find_speech(self, content: bytes, start_s: float = 0.0) -> FoundSpeech:
        heard = self.analyse(SampleRequest(content, "", None)).processed
        assert heard is not None
        passages = (SpeechPassage(start_s, heard) for start_s in (0.25, 1.0)) if np.any(heard.samples) else ()
        return FoundSpeech(heard.duration_s, tuple(passages))

    def find_talk(self, recent: Waveform) -> list[Talk]:
        loud = np.flatnonzero(np.abs(recent.samples) > 0.01)
        stretches = np.split(loud, np.flatnonzero(np.diff(loud) > 1) + 1) if len(loud) else []
        return [Talk(part[0] / recent.sample_rate_hz, part[-1] / recent.sample_rate_hz, 0.875) for part in stretches]

    def hear(self, speech: Waveform, lang: LangCode | None, prompt: str = "") -> HeardPassage:
        """Always the same words."""
        words = tuple(
            HeardWord(text, start_s, start_s + 0.2, 0.5)
            for text, start_s in ((" Salt", 0.0), (" &", 0.25), (" pepper.", 0.5))
        )
        return HeardPassage("Salt & pepper.", words, lang or LangCode.EN_US, -0.25, 0.125, 1.0)

    def measure_similarity(self, first: Waveform, second: Waveform) -> float:
        return 0.75

    def measure_clarity(self, spoken: Waveform, text: str, lang: LangCode) -> float | None:
        return 0.875


class Hurdles:
    """What an engine does in the middle of a segment; set by a test."""

    def __init__(self) -> None:
        self.fail_at_chunk: int | None = None
        self.gate: threading.Event | None = None
        """Every chunk waits for it, but the first ones."""
        self.num_before_gate = 1
        self.is_gate_of_each = False
        """Of every segment as many pass, not of all together."""
        self.is_mute = False
        """Has no sounds for the text."""
        self.num_chunks = 0
        self.num_open = 0


class HurdleEngine(ToneEngine):
    """The tone engine, able to fail and to wait."""

    def __init__(self, hurdles: Hurdles) -> None:
        self._hurdles = hurdles

    def synthesize(self, voice: float, segment: SpeechSegment, options: SynthesisOptions) -> Iterator[SpokenChunk]:
        return self._over_hurdles(super().synthesize(voice, segment, options))

    def _over_hurdles(self, chunks: Iterator[SpokenChunk]) -> Iterator[SpokenChunk]:
        hurdles = self._hurdles
        hurdles.num_open += 1
        try:
            for number, chunk in enumerate(() if hurdles.is_mute else chunks):
                num_made = number if hurdles.is_gate_of_each else hurdles.num_chunks
                if hurdles.gate is not None and num_made >= hurdles.num_before_gate:
                    assert hurdles.gate.wait(HANG_S)
                hurdles.num_chunks += 1
                if hurdles.fail_at_chunk == hurdles.num_chunks:
                    raise ValueError("the engine tripped")
                yield chunk
        finally:
            hurdles.num_open -= 1


def hurdle_spec(hurdles: Hurdles) -> EngineSpec:
    return replace(SPEC, load=lambda settings: HurdleEngine(hurdles))


@dataclass(frozen=True, slots=True)
class HttpService:
    """A running application and the keys to it."""

    client: httpx.AsyncClient
    services: Services
    write_key: str
    read_key: str
    other_key: str
    base_url: str

    def auth(self, key: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Basic {key or self.write_key}"}

    async def get(self, path: str, key: str | None = None, **query: Any) -> httpx.Response:
        return await self.client.get(path, params=query or None, headers=self.auth(key))

    async def post(self, path: str, body: Any, key: str | None = None, **headers: str) -> httpx.Response:
        """headers: `idempotency_key="k"` is `Idempotency-Key: k`."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(path, content=json.dumps(body), headers=self.auth(key) | more)

    async def speak(self, text: str, path: str = "/tts/v1/voice", **fields: Any) -> httpx.Response:
        body = {"text": text, "voiceId": "Dennis", "modelId": "inworld-tts-1.5-max", **fields}
        return await self.post(path, body)

    async def stream(self, text: str, **fields: Any) -> httpx.Response:
        return await self.speak(text, "/tts/v1/voice:stream", **fields)

    async def clone(self, name: str = "My Demo!", **fields: Any) -> str:
        """The id of a new voice."""
        body = {"displayName": name, "langCode": "EN_US", "voiceSamples": [{"audioData": wav_base64()}], **fields}
        reply = await self.post("/voices/v1/voices:clone", body)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["voice"]["voiceId"])


def build_tone_services(
    spec: EngineSpec = SPEC,
    num_slots: int = 2,
    queue_length: int = 32,
    *,
    engine: EngineClient | None = None,
    voices: VoiceStore | None = None,
    request_keys: RequestKeys | None = None,
    jobs: JobStore | None = None,
    dictionaries: DictionaryStore | None = None,
    analyst: SampleAnalyst | None = None,
    remakes: bool = True,
    marks: bool = True,
    measures: bool = True,
    waits: bool = False,
) -> Services:
    """engine: None for one of this process.
    voices, request_keys, jobs, dictionaries: None for new ones in memory.
    analyst: None for the plain one.
    remakes: voices of other engines, when they are spoken with.
    marks: False for speech as the engine gives it.
    measures, waits: a new voice is tried; the clone waits for that.
    """
    clock = FixedClock()
    jobs = jobs or MemoryJobStore(clock)
    request_keys, keys = request_keys or MemoryRequestKeys(clock), MemoryKeyStore(clock)
    if voices is None:
        voices = MemoryVoiceStore(clock, request_keys if isinstance(request_keys, MemoryRequestKeys) else None)
    foreground = Foreground(linger_s=0.0)
    offload, offload_at_leisure = (ThreadOffload(2, 64, foreground, is_at_leisure=late) for late in (False, True))
    offload_of_jobs = ThreadOffload(1, 64, is_at_leisure=True)
    engine = engine or InProcessEngineClient(
        spec, EngineSettings(Path("unused")), foreground, num_slots=num_slots, queue_length=queue_length
    )
    stock = read_stock_voices(spec)
    analyst = analyst or PlainAnalyst()
    rebuild_reference = RebuildReference(voices, engine, analyst, offload)
    try_voice = TryVoice(engine, analyst, offload, offload_at_leisure, is_enabled=measures)
    refine_voices = RefineVoices(voices, engine, rebuild_reference, try_voice, refines=True)
    remake_voice = RemakeVoice(voices, stock, engine, rebuild_reference, refine_voices, is_automatic=remakes)
    keep_dictionaries = KeepDictionaries(dictionaries or MemoryDictionaryStore(), clock)
    speak = SynthesizeSpeech(
        voices,
        keep_dictionaries,
        stock,
        remake_voice,
        engine,
        marks,
        offload,
        offload_of_jobs,
        SpeechLimits(),
    )
    tokens = iter(f"{number:08x}" for number in range(1, 1000))

    async def nothing() -> None:
        return None

    async def release() -> None:
        offload.close()
        offload_at_leisure.close()
        offload_of_jobs.close()

    return Services(
        clone_voice=CloneVoice(
            voices=voices,
            engine=engine,
            analyst=analyst,
            offload=offload,
            clock=clock,
            max_samples=16,
            try_voice=try_voice,
            refine_voices=refine_voices,
            waits=waits,
        ),
        synthesize_speech=speak,
        detect_mark=DetectMark(analyst, MarkFinder(WeightStore(Settings().weights_dir)), offload),
        transcribe_speech=TranscribeSpeech(analyst, offload),
        transcribe_at_leisure=TranscribeSpeech(analyst, offload_at_leisure),
        listen_live=ListenLive(analyst, offload),
        manage_voices=ManageVoices(voices, stock, refine_voices.forget),
        design_voice=DesignVoice(
            voices=voices,
            engine=engine,
            synthesize_speech=speak,
            offload=offload,
            clock=clock,
            new_token=lambda: next(tokens),
            draft_lifetime=timedelta(hours=1),
            preview_rate_hz=24000,
        ),
        keep_consent=KeepConsent(voices, stock, clock, refine_voices),
        keep_dictionaries=keep_dictionaries,
        repeated_requests=RepeatedRequests(request_keys),
        keys=keys,
        tallies=MemoryTallies(clock),
        vault=Vault(Path("unused"), "a secret of tests, nothing else"),
        voices=voices,
        jobs=jobs,
        engine=engine,
        clock=clock,
        stock=stock,
        refine_voices=refine_voices,
        remake_voice=remake_voice,
        work_off_jobs=WorkOffJobs(jobs, timedelta(hours=1)),
        work_off_recordings=WorkOffJobs(jobs, timedelta(hours=1), is_heard=True),
        keep_house=KeepHouse(voices, jobs, 3600.0, clock),
        prepare_store=nothing,
        preload=nothing,
        release=release,
    )


@asynccontextmanager
async def open_service(
    limits: HttpLimits | None = None, services: Services | None = None, audit: AuditLog | None = None
) -> AsyncIterator[HttpService]:
    """A service called without a socket."""
    services = services or build_tone_services()
    app = create_app(services, limits, audit)
    await services.start()
    try:
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://myna.test") as client:
            yield await _with_keys(client, services, "http://myna.test")
    finally:
        await app.state.backend.close()


class _PromptServer(uvicorn.Server):
    """uvicorn looks every tenth of a second whether it is to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stopping = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.stopping.wait()


@asynccontextmanager
async def serve(
    limits: HttpLimits | None = None,
    services: Services | None = None,
    protocol: type[PromptHttpProtocol] = PromptHttpProtocol,
    certificate: Path | None = None,
) -> AsyncIterator[HttpService]:
    """A service behind a real server on loopback. certificate: a PEM file with its key, for TLS."""
    services = services or build_tone_services()
    listening = listen_at("127.0.0.1", 0)
    port = listening.getsockname()[1]
    config = server_config(create_app(services, limits), "127.0.0.1", port, certificate=certificate)
    config.timeout_graceful_shutdown = 2
    config.http = protocol
    server = _PromptServer(config)
    serving = asyncio.create_task(server.serve([listening]))
    try:
        await until(lambda: server.started)
        base_url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=base_url, timeout=HANG_S) as client:
            yield await _with_keys(client, services, base_url)
    finally:
        server.stopping.set()
        await serving


async def _with_keys(client: httpx.AsyncClient, services: Services, base_url: str) -> HttpService:
    write_key, _ = await services.keys.create(WORKSPACE, WRITE)
    read_key, _ = await services.keys.create(WORKSPACE, READ)
    other_key, _ = await services.keys.create(OTHER_WORKSPACE, WRITE)
    return HttpService(client, services, write_key, read_key, other_key, base_url)


@cache
def wav_bytes(duration_s: float = 3.0, pitch_hz: float = 150.0, rate_hz: int = 24000) -> bytes:
    """A hum with an overtone, 16-bit WAV."""
    times_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    phase = 2 * np.pi * pitch_hz * times_s
    return encode_wav(Waveform((0.3 * np.sin(phase) + 0.1 * np.sin(2 * phase)).astype(np.float32), rate_hz))


def wav_base64(duration_s: float = 3.0, pitch_hz: float = 150.0) -> str:
    return base64.b64encode(wav_bytes(duration_s, pitch_hz)).decode()


HANG_S = 60.0
"""No test waits for so long, however busy the machine: then something hangs."""
open_socket = partial(websockets.connect, open_timeout=HANG_S, ping_timeout=HANG_S)
"""As the library's own, which gives up after ten seconds."""


async def until(is_true: Callable[[], bool]) -> None:
    """Let other tasks run until something is true."""
    async with asyncio.timeout(HANG_S):
        while not is_true():
            await asyncio.sleep(0.005)
