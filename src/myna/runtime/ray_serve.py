"""The service on a Ray cluster: engines and listening models in replicas of Ray Serve (docs/decisions/0019).

The only file that imports ray. Queues, placement, health and the number of replicas are Ray Serve's; a replica runs
what one machine runs. Four deployments: `api` answers HTTP, `engine` speaks (a request for each of its slots, no more),
`listening` hears samples, `leisure` does what nobody waits for.
"""

import asyncio
import logging
import os
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Self

import ray
from ray import serve
from ray.exceptions import RayError, RayTaskError
from ray.serve.config import RequestRouterConfig
from ray.serve.exceptions import BackPressureError, RayServeException
from ray.serve.handle import DeploymentHandle
from starlette.types import ASGIApp

from myna.domain.attributes import VoiceAttributes
from myna.domain.errors import DeadlineExceeded, EngineFailure, MynaError, Overloaded, ServiceUnavailable
from myna.domain.language import LangCode
from myna.domain.sample import AnalysedSample, SampleRequest
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.transcript import FoundSpeech, HeardPassage, Talk
from myna.domain.voice import VoiceArtifact
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.base import EngineSpec
from myna.runtime.admission import closing
from myna.runtime.foreground import at_leisure
from myna.runtime.in_process import InProcessEngineClient
from myna.usecases.ports import EngineStream, Offload, SampleAnalyst

logger = logging.getLogger(__name__)

_DEADLINE_S = 300.0
"""Longest wait for an answer or for the next chunk, the time in line included."""
_LEISURE_DEADLINE_S = 3600.0
"""The same for what gives way to everybody."""
_TURN_CHARS = 160
"""Text of one call to a replica, some ten seconds of speech: Ray hands chunks over as fast as they are made, so this
bounds what is made ahead of a slow reader, and long texts take turns on the slots."""
_RETRY_S = 0.1
_MAX_WARM_VOICES = 64
_NUM_AT_LEISURE = 64
_NUM_HTTP = 4096
"""Requests and sockets of one HTTP replica; the limits of keys and bodies (HttpLimits) come long before."""
_DRAIN_S, _DRAIN_LOOK_S = 120.0, 0.5
"""A replica that is to go ends what it has begun, and goes so soon after that."""
_HEALTH_PERIOD_S, _HEALTH_TIMEOUT_S = 5.0, 10.0
"""A replica that hangs fails three times: it is replaced after 36 s at most."""
_FIRST_LOOK_S, _LAST_LOOK_S = 0.01, 0.1
"""How often a request in line asks for room: Ray tells nobody of a place that is free. Ray's own half second leaves a
slot idle for a tenth of its time."""


class RayEngineStream:
    """Implements `EngineStream`: a call to a replica for each turn, its chunks pulled."""

    def __init__(
        self,
        speak: Callable[[Sequence[SpeechSegment]], Any],
        segments: Sequence[SpeechSegment],
        deadline_s: float,
        on_end: "Callable[[RayEngineStream], None]",
    ) -> None:
        """speak: begins a turn and gives Ray's generator of its chunks."""
        self._speak = speak
        self._turns = deque(_turns(segments))
        self._deadline_s = deadline_s
        self._on_end = on_end
        self._offset = 0
        self._response: Any = None
        self._first: SpokenChunk | None = None
        self._reason: MynaError | None = None
        self._is_over = False

    def __aiter__(self) -> Self:
        return self

    async def begin(self) -> None:
        """Wait for the first chunk. Raises: whatever keeps it from being made."""
        self._first = await self._pull(is_newcomer=True)

    async def __anext__(self) -> SpokenChunk:
        first, self._first = self._first, None
        chunk = first if first is not None and not self._is_over else await self._pull()
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        self.stop()

    def stop(self, reason: MynaError | None = None) -> None:
        """Want no more: the replica ends within a chunk. reason: what a reader is told who still wants some."""
        if not self._is_over:
            self._is_over = True
            self._reason = reason
            if self._response is not None:
                _cancel(self._response)
            self._on_end(self)

    async def _pull(self, *, is_newcomer: bool = False) -> SpokenChunk | None:
        """The next chunk, None after the last. is_newcomer: may be refused for want of room; later turns wait."""
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._next(is_newcomer)
        except (Exception, asyncio.CancelledError) as exc:
            was_over, reason = self._is_over, self._reason
            self.stop()
            if isinstance(exc, asyncio.CancelledError):
                raise
            if not was_over:
                raise _translated(exc) from exc
            if reason is not None:
                raise reason from exc
            return None

    async def _next(self, is_newcomer: bool) -> SpokenChunk | None:
        while not self._is_over:
            if self._response is None:
                if not self._turns:
                    self.stop()
                    break
                self._response = self._speak(self._turns[0])
            try:
                chunk: SpokenChunk = await anext(self._response)
            except StopAsyncIteration:
                self._response = None
                self._offset += len(self._turns.popleft())
            except BackPressureError:
                if is_newcomer:
                    raise
                self._response = None
                await asyncio.sleep(_RETRY_S)
            else:
                return replace(chunk, segment_index=self._offset + chunk.segment_index)
        if self._reason is not None:
            raise self._reason
        return None


class RayEngineClient:
    """Implements `EngineClient` on the handles of the deployments `engine` and `leisure`."""

    def __init__(
        self, spec: EngineSpec, live: DeploymentHandle, leisure: DeploymentHandle, deadline_s: float = _DEADLINE_S
    ) -> None:
        """deadline_s: longest wait for an answer or the next chunk."""
        self._spec = spec
        self._live = live
        self._leisure = leisure
        self._deadline_s = deadline_s
        self._streams: set[RayEngineStream] = set()
        self._is_started = self._is_closed = False

    @property
    def spec(self) -> EngineSpec:
        return self._spec

    @property
    def is_ready(self) -> bool:
        return self._is_started and not self._is_closed

    @property
    def is_well(self) -> bool:
        return True  # Ray replaces replicas

    async def start(self) -> None:
        """Wait for a replica: they load their engines by themselves."""
        await self._ask(self._live, "describe")
        self._is_started = True

    async def encode_voice(
        self, reference: ReferenceAudio, *, by_ear: bool = False, at_leisure: bool = False
    ) -> VoiceArtifact:
        made: VoiceArtifact = await self._ask(self._lane(at_leisure), "encode_voice", reference, by_ear, at_leisure)
        return made

    async def design_voice(self, attributes: VoiceAttributes, lang: LangCode, seed: int) -> VoiceArtifact:
        made: VoiceArtifact = await self._ask(self._live, "design_voice", attributes, lang, seed)
        return made

    async def refine_voice(self, artifact: VoiceArtifact, reference: ReferenceAudio) -> VoiceArtifact:
        made: VoiceArtifact = await self._ask(self._leisure, "refine_voice", artifact, reference)
        return made

    async def speak_whole(
        self,
        voice: VoiceArtifact,
        segments: Sequence[SpeechSegment],
        options: SynthesisOptions,
        *,
        at_leisure: bool = False,
    ) -> Sequence[SpokenChunk]:
        spoken: Sequence[SpokenChunk] = await self._ask(
            self._lane(at_leisure), "speak_whole", voice, tuple(segments), options, at_leisure
        )
        return spoken

    async def synthesize(
        self,
        voice: VoiceArtifact,
        segments: Sequence[SpeechSegment],
        options: SynthesisOptions,
        *,
        is_stream: bool = True,
        is_background: bool = False,
    ) -> EngineStream:
        if self._is_closed:
            raise closing()
        # Ray Serve brings a voice to a replica that knows it, while that has room.
        handle = self._lane(is_background).options(stream=True, multiplexed_model_id=voice.digest)

        def speak(turn: Sequence[SpeechSegment]) -> Any:
            return handle.speak.remote(voice, turn, options, is_stream, is_background)

        stream = RayEngineStream(speak, segments, self._patience_s(is_background), self._streams.discard)
        self._streams.add(stream)
        await stream.begin()
        return stream

    async def close(self) -> None:
        """Send everybody away. The replicas are Ray Serve's to end."""
        self._is_closed = True
        for stream in tuple(self._streams):
            stream.stop(closing())

    def _lane(self, at_leisure: bool) -> DeploymentHandle:
        return self._leisure if at_leisure else self._live

    def _patience_s(self, at_leisure: bool) -> float:
        return _LEISURE_DEADLINE_S if at_leisure else self._deadline_s

    async def _ask(self, handle: DeploymentHandle, method: str, *arguments: Any) -> Any:
        if self._is_closed:
            raise closing()
        response = getattr(handle, method).remote(*arguments)
        try:
            async with asyncio.timeout(self._patience_s(handle is self._leisure)):
                return await response
        except asyncio.CancelledError:
            _cancel(response)
            raise
        except Exception as exc:
            _cancel(response)
            raise _translated(exc) from exc


class RaySampleAnalyst:
    """Implements `SampleAnalyst` on the handles of `listening` and, at leisure, `leisure`. Blocking, as its port is."""

    def __init__(self, live: DeploymentHandle, leisure: DeploymentHandle, deadline_s: float = _DEADLINE_S) -> None:
        self._live = live
        self._leisure = leisure
        self._deadline_s = deadline_s

    def load(self) -> None:
        """The replicas do that by themselves."""

    def close(self) -> None:
        """Ray Serve does that."""

    def analyse(self, sample: SampleRequest) -> AnalysedSample:
        heard: AnalysedSample = self._ask("analyse", sample)
        return heard

    def join(self, samples: Sequence[AnalysedSample], rate_hz: int, max_s: float) -> ReferenceAudio:
        joined: ReferenceAudio = self._ask("join", samples, rate_hz, max_s)
        return joined

    def read(self, content: bytes) -> Waveform:
        recording: Waveform = self._ask("read", content)
        return recording

    def find_speech(self, content: bytes, start_s: float = 0.0) -> FoundSpeech:
        found: FoundSpeech = self._ask("find_speech", content, start_s)
        return found

    def find_talk(self, recent: Waveform) -> Sequence[Talk]:
        stretches: Sequence[Talk] = self._ask("find_talk", recent)
        return stretches

    def hear(self, speech: Waveform, lang: LangCode | None, prompt: str = "") -> HeardPassage | None:
        passage: HeardPassage | None = self._ask("hear", speech, lang, prompt)
        return passage

    def measure_similarity(self, first: Waveform, second: Waveform) -> float:
        return float(self._ask("measure_similarity", first, second))

    def measure_clarity(self, spoken: Waveform, text: str, lang: LangCode) -> float | None:
        clarity: float | None = self._ask("measure_clarity", spoken, text, lang)
        return clarity

    def _ask(self, method: str, *arguments: Any) -> Any:
        is_leisure = at_leisure.get()
        response = (self._leisure if is_leisure else self._live).call.remote(method, arguments)
        try:
            return response.result(timeout_s=_LEISURE_DEADLINE_S if is_leisure else self._deadline_s)
        except Exception as exc:
            _cancel(response)
            raise _translated(exc) from exc


# --- what runs in replicas -----------------------------------------------------------------------------------------


class EngineReplica:
    """An engine with its slots."""

    def __init__(self, open_engine: Callable[[], InProcessEngineClient]) -> None:
        self._engine = open_engine()
        self._starting = asyncio.Lock()
        self._is_started = False
        self._num_spoken = self._num_loaded = 0
        self._affinity = serve.metrics.Counter(
            "myna_voice_affinity", "Turns of speech, by whether the replica knew the voice.", ("outcome",)
        )

    async def check_health(self) -> None:
        """Called by Ray Serve, first of all before the replica counts as started. Raises: WeightsMissing, ..."""
        async with self._starting:
            if not self._is_started:
                await self._engine.start()
                self._is_started = True
        if not self._engine.is_well:
            raise ServiceUnavailable("The engine hangs.")

    async def describe(self) -> Mapping[str, Any]:
        """Where this replica is and what it did: turns of speech, and for how many of them it had to load the voice."""
        await self.check_health()
        return {
            "replica": serve.get_replica_context().replica_id.unique_id,
            "node": ray.get_runtime_context().get_node_id(),
            "pid": os.getpid(),
            "spoken": self._num_spoken,
            "loaded": self._num_loaded,
        }

    async def speak(
        self,
        voice: VoiceArtifact,
        segments: Sequence[SpeechSegment],
        options: SynthesisOptions,
        is_stream: bool,
        is_background: bool,
    ) -> AsyncGenerator[SpokenChunk, None]:
        """Ends within a chunk when Ray cancels it."""
        num_loaded = self._num_loaded
        await self._note_voice(serve.get_multiplexed_model_id())
        self._num_spoken += 1
        self._affinity.inc(tags={"outcome": "warm" if num_loaded == self._num_loaded else "cold"})
        stream = await self._engine.synthesize(
            voice, segments, options, is_stream=is_stream, is_background=is_background
        )
        try:
            async for chunk in stream:
                yield chunk
        finally:
            await stream.aclose()

    async def encode_voice(self, reference: ReferenceAudio, by_ear: bool, at_leisure: bool) -> VoiceArtifact:
        return await self._engine.encode_voice(reference, by_ear=by_ear, at_leisure=at_leisure)

    async def design_voice(self, attributes: VoiceAttributes, lang: LangCode, seed: int) -> VoiceArtifact:
        return await self._engine.design_voice(attributes, lang, seed)

    async def refine_voice(self, artifact: VoiceArtifact, reference: ReferenceAudio) -> VoiceArtifact:
        return await self._engine.refine_voice(artifact, reference)

    async def speak_whole(
        self,
        voice: VoiceArtifact,
        segments: Sequence[SpeechSegment],
        options: SynthesisOptions,
        at_leisure: bool,
    ) -> Sequence[SpokenChunk]:
        return await self._engine.speak_whole(voice, segments, options, at_leisure=at_leisure)

    @serve.multiplexed(max_num_models_per_replica=_MAX_WARM_VOICES)  # type: ignore[untyped-decorator]
    async def _note_voice(self, digest: str) -> str:
        """Tells Ray Serve which voices are warm here. The slots' own caches hold them, by the same digest."""
        self._num_loaded += 1
        return digest


class ListeningReplica:
    """The models that hear samples, on threads."""

    def __init__(self, open_listening: "OpenListening") -> None:
        self._analyst, self._offload = open_listening()

    async def call(self, method: str, arguments: Sequence[Any]) -> Any:
        return await self._offload(partial(getattr(self._analyst, method), *arguments))


class LeisureReplica(EngineReplica, ListeningReplica):
    """What nobody waits for: it lets go first whom any replica of its node is serving."""

    def __init__(self, open_engine: Callable[[], InProcessEngineClient], open_listening: "OpenListening") -> None:
        EngineReplica.__init__(self, open_engine)
        ListeningReplica.__init__(self, open_listening)


class ApiReplica:
    """Answers HTTP. `serve.ingress` makes the deployment of it."""

    def __init__(self, open_api: "OpenApi", *handles: DeploymentHandle) -> None:
        self._app = open_api(*handles)

    def __serve_build_asgi_app__(self) -> ASGIApp:
        return self._app


OpenApi = Callable[[DeploymentHandle, DeploymentHandle, DeploymentHandle], ASGIApp]
"""Of the handles of `engine`, `leisure` and `listening`."""
OpenListening = Callable[[], tuple[SampleAnalyst, Offload]]
"""What listens, loaded if that is to be, and where its calls run."""
Application = Any
"""Ray Serve's, to be run."""


def build_application(
    open_api: OpenApi,
    open_engine: Callable[[], InProcessEngineClient],
    open_listening: OpenListening,
    open_leisure: tuple[Callable[[], InProcessEngineClient], OpenListening],
    *,
    num_slots: int,
    queue_length: int,
    num_listening: int,
    listening_queue_length: int,
) -> Application:
    """The four deployments, with defaults that a Serve config file may change by their names.

    The functions are called in the replicas. open_leisure: an engine without slots, of which only the lanes for what
    nobody waits for are used, and what listens then.
    num_slots, queue_length: of one engine replica, and before all of them.
    num_listening, listening_queue_length: the same for samples.
    """

    def scaled(target: int) -> dict[str, float]:
        return {"min_replicas": 1, "max_replicas": 64, "target_ongoing_requests": target}

    def deployment(replica: type, name: str, **options: Any) -> serve.Deployment:
        return serve.deployment(replica).options(
            name=name,
            graceful_shutdown_timeout_s=_DRAIN_S,
            graceful_shutdown_wait_loop_s=_DRAIN_LOOK_S,
            health_check_period_s=_HEALTH_PERIOD_S,
            health_check_timeout_s=_HEALTH_TIMEOUT_S,
            request_router_config=RequestRouterConfig(initial_backoff_s=_FIRST_LOOK_S, max_backoff_s=_LAST_LOOK_S),
            **options,
        )

    listening = deployment(
        ListeningReplica,
        "listening",
        max_ongoing_requests=num_listening,
        max_queued_requests=listening_queue_length,
        autoscaling_config=scaled(num_listening),
        ray_actor_options={"num_cpus": 0.5},
    ).bind(open_listening)
    engine = deployment(
        EngineReplica,
        "engine",
        max_ongoing_requests=num_slots,
        max_queued_requests=queue_length,
        autoscaling_config=scaled(num_slots),
        ray_actor_options={"num_cpus": 1},
    ).bind(open_engine)
    leisure = deployment(
        LeisureReplica,
        "leisure",
        num_replicas=1,
        max_ongoing_requests=_NUM_AT_LEISURE,
        ray_actor_options={"num_cpus": 0},
    ).bind(*open_leisure)
    return deployment(
        serve.ingress()(ApiReplica),
        "api",
        max_ongoing_requests=_NUM_HTTP,
        ray_actor_options={"num_cpus": 0},
    ).bind(open_api, engine, leisure, listening)


def _turns(segments: Sequence[SpeechSegment]) -> list[tuple[SpeechSegment, ...]]:
    """The segments in their order, in groups of some length of text."""
    turns: list[list[SpeechSegment]] = []
    num_chars = _TURN_CHARS
    for segment in segments:
        if num_chars >= _TURN_CHARS:
            turns.append([])
            num_chars = 0
        turns[-1].append(segment)
        num_chars += len(segment.text)
    return [tuple(turn) for turn in turns]


def _cancel(response: Any) -> None:
    with suppress(Exception):  # Ray raises what the call has failed with, if it has
        response.cancel()


def _translated(exc: Exception) -> MynaError:
    """What happened on the cluster, as an error of ours."""
    cause = exc.cause if isinstance(exc, RayTaskError) else exc
    if isinstance(cause, MynaError):
        return cause
    if isinstance(cause, TimeoutError):
        return DeadlineExceeded("The cluster did not answer in time. Try again in a moment.")
    if isinstance(cause, BackPressureError):
        return Overloaded("Too many requests are waiting for a replica. Try again in a few seconds.")
    if isinstance(cause, (RayServeException, RayError)) and not isinstance(cause, RayTaskError):
        logger.warning("a replica is gone", extra={"reason": type(cause).__name__})
        return ServiceUnavailable("What was working on this has gone. Try again in a moment.", 1)
    error_id = secrets.token_hex(6)
    logger.error("a replica failed, error id %s", error_id, exc_info=exc)
    return EngineFailure(f"The engine failed. The server's log has the reason under error id {error_id}.")
