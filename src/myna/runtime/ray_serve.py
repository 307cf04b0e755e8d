"""The service on a Ray cluster (docs/decisions/0019); nothing else imports ray. Queues, placement, health and
numbers are Ray Serve's; a replica runs what one machine runs: `api` answers HTTP, `engine` speaks (streams take
turns), `listening` hears samples, `leisure` does what nobody waits for."""

import asyncio
import logging
import os
import random
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, Self

import grpc
import ray
from ray import serve
from ray.exceptions import RayError, RayTaskError
from ray.serve.config import RequestRouterConfig
from ray.serve.exceptions import BackPressureError, RayServeException
from ray.serve.handle import DeploymentHandle
from ray.serve.request_router import FIFOMixin, MultiplexMixin, RequestRouter
from starlette.types import ASGIApp

from myna.domain.attributes import VoiceAttributes
from myna.domain.errors import DeadlineExceeded, EngineFailure, MynaError, Overloaded, ServiceUnavailable
from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.voice import VoiceArtifact
from myna.domain.waveform import ReferenceAudio
from myna.engines.base import EngineSpec
from myna.observability.tracing import current_record, working_for
from myna.runtime.admission import closing
from myna.runtime.foreground import at_leisure
from myna.runtime.in_process import InProcessEngineClient
from myna.usecases.ports import EngineStream, Offload, SampleAnalyst

logger = logging.getLogger(__name__)

STREAMS_A_SLOT = 16
"""Requests that a replica has open for each of its slots, which take turns there; more wait at Ray's routers."""
_AIMED_STREAMS_A_SLOT = 2
"""Above this there are soon more replicas, below it fewer: a slot of one core keeps up with two listeners."""
_DEADLINE_S = 300.0
"""Longest wait for an answer or for the next chunk, the time in line included."""
_LEISURE_DEADLINE_S = 3600.0
"""The same for what gives way to everybody."""
_LOOK_S, _SILENCE_S, _PING_S = 0.5, 1.0, 1.5
"""When no engine was heard of for so long one is asked; two questions without an answer in that time: none can speak.
Together less than five seconds."""
_FULL_S = 30.0
_MAX_WARM_VOICES = 256
"""That a replica reports, at most: Ray counts each ten times a second, and tells every router of all."""
_NUM_AT_LEISURE = 64
_NUM_HTTP = 4096
"""Requests and sockets of one HTTP replica; the limits of keys and bodies (HttpLimits) come long before."""
_DRAIN_S, _DRAIN_LOOK_S = 300.0, 0.5
"""A replica that is to go ends what it has begun, and goes so soon after that."""
_HEALTH_PERIOD_S, _HEALTH_TIMEOUT_S = 5.0, 10.0
"""A replica that hangs fails three times: it is replaced after 36 s at most."""
_FIRST_LOOK_S, _LAST_LOOK_S = 0.01, 0.1
"""How often a request in line asks for room: Ray tells nobody of a place that is free. Ray's own half second leaves a
slot idle for a tenth of its time."""


class RayEngineStream:
    """Implements `EngineStream`: a call to a replica, which makes little ahead of whoever does not read."""

    def __init__(
        self,
        response: Any,
        deadline_s: float,
        on_heard: Callable[[], None],
        on_end: "Callable[[RayEngineStream], None]",
    ) -> None:
        """response: Ray's generator of chunks, some at a time. on_heard: called whenever some have come."""
        self._response = response
        self._deadline_s = deadline_s
        self._on_heard = on_heard
        self._on_end = on_end
        self._chunks: deque[SpokenChunk] = deque()
        self._reason: MynaError | None = None
        self._is_over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SpokenChunk:
        if not self._chunks and not self._is_over:
            await self.pull()
        if self._is_over:
            raise self._reason or StopAsyncIteration
        return self._chunks.popleft()

    async def aclose(self) -> None:
        self.stop()

    def stop(self, reason: MynaError | None = None) -> None:
        """Want no more: the replica ends within a chunk. reason: what a reader is told who still wants some."""
        if not self._is_over:
            self._is_over = True
            self._reason = reason
            _cancel(self._response)
            self._on_end(self)

    async def pull(self) -> None:
        """Wait for more chunks, or the end. Raises: whatever keeps them from being made."""
        try:
            more = await _answer(self._response, anext(self._response), self._deadline_s)
        except MynaError as exc:
            error = self._reason if self._is_over else exc
            self.stop()
            if error is not None:
                raise error from exc
        except BaseException:
            self.stop()
            raise
        else:
            self._on_heard()
            self._chunks.extend(more)
            if not more:
                self.stop()


class RayEngineClient:
    """Implements `EngineClient` on the handles of the deployments `engine` and `leisure`."""

    def __init__(
        self,
        spec: EngineSpec,
        live: DeploymentHandle,
        leisure: DeploymentHandle,
        deadline_s: float = _DEADLINE_S,
        full_s: float = _FULL_S,
    ) -> None:
        """deadline_s: longest wait for an answer or the next chunk.
        full_s: a line that is full says nothing of who is behind it; so long after something was heard they count as
        alive.
        """
        self._spec = spec
        self._live = live
        self._leisure = leisure
        self._deadline_s = deadline_s
        self._full_s = full_s
        self._streams: set[RayEngineStream] = set()
        self._heard_s = 0.0
        """Of an engine, for the last time: `time.monotonic` seconds."""
        self._watching: asyncio.Task[None] | None = None
        self._is_answered = self._is_closed = False

    @property
    def spec(self) -> EngineSpec:
        return self._spec

    @property
    def is_ready(self) -> bool:
        """Some replica speaks, or answers that it can, as of less than five seconds ago."""
        return self._is_answered and not self._is_closed

    @property
    def is_well(self) -> bool:
        return True  # Ray replaces replicas

    async def start(self) -> None:
        """Wait for a replica: they load their engines by themselves."""
        response = self._live.describe.remote()
        await _answer(response, response, self._deadline_s)
        self._note_heard()
        self._is_answered = True
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())

    async def encode_voice(
        self, reference: ReferenceAudio, *, by_ear: bool = False, at_leisure: bool = False
    ) -> VoiceArtifact:
        lane = self._lane(at_leisure)
        made: VoiceArtifact = await self._ask(lane, "encode_voice", reference, by_ear=by_ear, at_leisure=at_leisure)
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
        lane = self._lane(at_leisure)
        spoken: Sequence[SpokenChunk] = await self._ask(
            lane, "speak_whole", voice, tuple(segments), options, at_leisure=at_leisure
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
        # Ray's own pickle looks at each object in Python, so that it could send functions, too: two fifths of what an
        # engine replica's Python did.
        handle = self._lane(is_background).options(
            stream=True,
            multiplexed_model_id=voice.digest,
            request_serialization="pickle",
            response_serialization="pickle",
        )
        response = handle.speak.remote(
            current_record().workspace,
            voice,
            tuple(segments),
            options,
            is_stream=is_stream,
            is_background=is_background,
        )
        on_heard = (lambda: None) if is_background else self._note_heard
        stream = RayEngineStream(response, self._patience_s(is_background), on_heard, self._streams.discard)
        self._streams.add(stream)
        await stream.pull()
        return stream

    async def close(self) -> None:
        """Send everybody away. The replicas are Ray Serve's to end."""
        self._is_closed = True
        if self._watching is not None:
            self._watching.cancel()
        for stream in tuple(self._streams):
            stream.stop(closing())

    def _lane(self, at_leisure: bool) -> DeploymentHandle:
        return self._leisure if at_leisure else self._live

    def _patience_s(self, at_leisure: bool) -> float:
        return _LEISURE_DEADLINE_S if at_leisure else self._deadline_s

    async def _ask(self, handle: DeploymentHandle, method: str, *arguments: Any, **options: Any) -> Any:
        if self._is_closed:
            raise closing()
        response = handle.make.remote(current_record().workspace, method, arguments, options)
        made = await _answer(response, response, self._patience_s(handle is self._leisure))
        if handle is self._live:
            self._note_heard()
        return made

    async def _watch(self) -> None:
        """Find out that no engine answers any more, and that one does again."""
        num_missed = 0
        while True:
            is_heard = monotonic() - self._heard_s < _SILENCE_S or await self._is_pinged()
            num_missed = 0 if is_heard else num_missed + 1
            self._is_answered = num_missed < 2
            await asyncio.sleep(0.0 if num_missed == 1 else _LOOK_S)

    async def _is_pinged(self) -> bool:
        """Some engine says that it can speak."""
        try:
            response = self._live.can_speak.remote()
            return bool(await _answer(response, response, _PING_S))
        except Overloaded:
            return monotonic() - self._heard_s < self._full_s
        except MynaError:
            return False

    def _note_heard(self) -> None:
        self._heard_s = monotonic()


class RaySampleAnalyst:
    """As `SampleAnalyst`, on the handles of `listening` and, at leisure, `leisure`. Blocking, as that port is."""

    def __init__(
        self, live: DeploymentHandle, leisure: DeploymentHandle, deadline_s: float = _DEADLINE_S, loop_s: float = 5.0
    ) -> None:
        """Calls come from other threads than this one's, whose loop they go through. loop_s: what that may take above
        the deadline."""
        self._loop_s = loop_s
        self._live = live
        self._leisure = leisure
        self._deadline_s = deadline_s
        self._loop = asyncio.get_running_loop()

    def load(self) -> None:
        """The replicas do that by themselves."""

    def close(self) -> None:
        """Ray Serve does that."""

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """The replica's own method of that name, by position only."""
        if not hasattr(SampleAnalyst, method):
            raise AttributeError(method)
        return partial(self._ask, method)

    def _ask(self, method: str, *arguments: Any) -> Any:
        handle, patience_s = (
            (self._leisure, _LEISURE_DEADLINE_S) if at_leisure.get() else (self._live, self._deadline_s)
        )

        async def ask() -> Any:
            response = handle.call.remote(method, arguments)
            return await _answer(response, response, patience_s)

        answer = asyncio.run_coroutine_threadsafe(ask(), self._loop)
        try:
            return answer.result(patience_s + self._loop_s)
        except TimeoutError as exc:  # the loop is over, or stuck: it would have told of its own
            answer.cancel()
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

        @serve.multiplexed(max_num_models_per_replica=min(_MAX_WARM_VOICES, self._engine.max_cached_voices))  # type: ignore[untyped-decorator]
        async def note_voice(digest: str) -> str:
            """Tells Ray Serve which voices are warm here. The slots' own caches hold them, by the same digest."""
            self._num_loaded += 1
            return digest

        self._note_voice = note_voice

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

    async def can_speak(self) -> bool:
        return self._engine.is_ready

    async def speak(
        self,
        workspace: str,
        voice: VoiceArtifact,
        segments: Sequence[SpeechSegment],
        options: SynthesisOptions,
        **how: bool,
    ) -> AsyncGenerator[Sequence[SpokenChunk], None]:
        """Chunks as they are made, those that are there at once together. Ends within a chunk when Ray cancels it.
        No chunks at all are one empty message: gRPC may lose the headers of a stream that has none, and Ray needs them.
        """
        num_loaded = self._num_loaded
        await self._note_voice(serve.get_multiplexed_model_id())
        self._num_spoken += 1
        self._affinity.inc(tags={"outcome": "warm" if num_loaded == self._num_loaded else "cold"})
        with working_for(workspace):
            stream = await self._engine.synthesize(voice, segments, options, **how)
        try:
            if not segments:
                yield ()
            async for chunk in stream:
                yield (chunk, *stream.take_ready())
        finally:
            await stream.aclose()

    async def make(self, workspace: str, method: str, arguments: Sequence[Any], options: Mapping[str, Any]) -> Any:
        """The engine's own method of that name."""
        with working_for(workspace):
            return await getattr(self._engine, method)(*arguments, **options)


class VoiceRouter(FIFOMixin, MultiplexMixin, RequestRouter):  # type: ignore[misc]
    """A replica that knows the voice and has a slot free, else the least busy one of these and two others. Ray's own
    choice knows voices, not slots: one would wait where its voice is known, behind fifteen others, while the next
    replica is idle."""

    def initialize_state(self, num_slots: int) -> None:
        self._num_slots = num_slots

    async def choose_replicas(self, candidate_replicas: list[Any], pending_request: Any = None) -> list[list[Any]]:
        """Groups, in the order in which they are tried; of a group Ray takes the one with the fewest requests."""
        if pending_request is None:
            return [candidate_replicas]
        pending_request.routing_context.should_backoff = True
        voice, num_open = pending_request.metadata.multiplexed_model_id, self.replica_queue_len_cache.get
        warm = [replica for replica in candidate_replicas if voice in replica.multiplexed_model_ids]
        others = [replica for replica in candidate_replicas if replica not in warm]
        some = warm + random.sample(others, min(2, len(others)))
        if voice:  # of those that are equally busy one that knows the voice, else the one that knows fewest
            some.sort(key=lambda replica: (replica not in warm, len(replica.multiplexed_model_ids)))
        # Ray forgets counts after ten seconds, and takes one that it knows before one that it would have to ask
        await self._probe_queue_lens([one for one in some if num_open(one.replica_id) is None], 0)
        counts = ((replica, num_open(replica.replica_id)) for replica in warm)
        free = [replica for replica, count in counts if count is not None and count < self._num_slots]
        return [free, some]


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
    """With defaults that a Serve config file may change by their names. The functions are called in the replicas.
    open_leisure: an engine without slots, and what listens then. num_slots, queue_length: of one engine replica, and
    before all. num_listening, listening_queue_length: the same for samples."""

    def scaled(target: int) -> dict[str, float]:
        return {"min_replicas": 1, "max_replicas": 64, "target_ongoing_requests": target}

    def deployment(replica: type, name: str, router: Mapping[str, Any] | None = None, **options: Any) -> Any:
        return serve.deployment(replica).options(
            name=name,
            graceful_shutdown_timeout_s=_DRAIN_S,
            graceful_shutdown_wait_loop_s=_DRAIN_LOOK_S,
            health_check_period_s=_HEALTH_PERIOD_S,
            health_check_timeout_s=_HEALTH_TIMEOUT_S,
            request_router_config=RequestRouterConfig(
                initial_backoff_s=_FIRST_LOOK_S, max_backoff_s=_LAST_LOOK_S, **(router or {})
            ),
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
        by_voice(num_slots),
        max_ongoing_requests=STREAMS_A_SLOT * num_slots,
        max_queued_requests=queue_length,
        autoscaling_config=scaled(_AIMED_STREAMS_A_SLOT * num_slots),
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
        serve.ingress()(ApiReplica), "api", max_ongoing_requests=_NUM_HTTP, ray_actor_options={"num_cpus": 0}
    ).bind(open_api, engine, leisure, listening)


def by_voice(num_slots: int) -> Mapping[str, Any]:
    """What `RequestRouterConfig` wants to be told of the router of engines."""
    return {"request_router_class": VoiceRouter, "request_router_kwargs": {"num_slots": num_slots}}


async def _answer(response: Any, answer: Awaitable[Any], timeout_s: float) -> Any:
    """What a replica answers, or its next things, none at its end. Raises: errors of ours; then it is cancelled."""
    try:
        async with asyncio.timeout(timeout_s):
            return await answer
    except StopAsyncIteration:
        return ()
    except asyncio.CancelledError as exc:
        _cancel(response)
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise _gone(exc) from exc  # it had to end, and cancelled what it had begun
    except Exception as exc:
        _cancel(response)
        raise _translated(exc) from exc


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
    if isinstance(cause, (RayServeException, RayError, grpc.RpcError)) and not isinstance(cause, RayTaskError):
        return _gone(cause)
    error_id = secrets.token_hex(6)
    logger.error("a replica failed, error id %s", error_id, exc_info=exc)
    return EngineFailure(f"The engine failed. The server's log has the reason under error id {error_id}.")


def _gone(cause: BaseException) -> ServiceUnavailable:
    logger.warning("a replica is gone", extra={"reason": type(cause).__name__})
    return ServiceUnavailable("What was working on this has gone. Try again in a moment.", 1)
