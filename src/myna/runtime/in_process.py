"""Engines in this process: the default implementation of `EngineClient`.

One owner thread per slot, one line before the slots, chunks handed over two at a time (docs/decisions/0007).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import TypeVar

from myna.domain.attributes import VoiceAttributes
from myna.domain.errors import Overloaded, ServiceUnavailable, VoiceIncompatible
from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.voice import VoiceArtifact
from myna.domain.waveform import ReferenceAudio
from myna.engines.base import Engine, EngineSettings, EngineSpec
from myna.observability.tracing import trace_part
from myna.runtime.admission import WaitingLine, closing
from myna.runtime.background import BackgroundLane
from myna.runtime.engine_slot import EngineSlot
from myna.runtime.engine_stream import InProcessEngineStream
from myna.runtime.foreground import Foreground
from myna.runtime.hand_over import ChunkHandOver
from myna.runtime.leisure_lane import LeisureLane
from myna.runtime.speech_in_turns import SpeechInTurns
from myna.usecases.ports import EngineStream

logger = logging.getLogger(__name__)

T = TypeVar("T")

_MAX_CACHED_VOICES = 64
_MAX_OPEN_STREAMS = 64
"""Streams that are open at one time, most of them waiting for a slow consumer; bounds the memory of their buffers."""
_DEADLINE_S = 120.0
"""For hearing a recording on a machine with much else to do; between two chunks of speech there is a second at most."""
_WATCH_S = 1.0
_PATIENCE_S = 3.0
"""A voice takes so long to make: a listener from whom the engine is taken for it must have as much to hear."""
_CLOSE_TIMEOUT_S = 5.0
"""How long `close` waits for a call that cannot be interrupted."""


class InProcessEngineClient:
    """Implements `EngineClient`. Belongs to one event loop."""

    def __init__(
        self,
        spec: EngineSpec,
        settings: EngineSettings,
        foreground: Foreground | None = None,
        *,
        num_slots: int = 1,
        queue_length: int = 32,
        max_cached_voices: int = _MAX_CACHED_VOICES,
        max_open_streams: int = _MAX_OPEN_STREAMS,
        deadline_s: float = _DEADLINE_S,
    ) -> None:
        """foreground: what else is served, so that work at leisure lets that go first too; told of what is served here.
        num_slots: requests that are served at one time, each by an engine instance of its own.
        queue_length: requests that may wait for a slot.
        max_cached_voices: loaded voices that each instance keeps.
        max_open_streams: streams that may be open, read or not.
        deadline_s: an engine that works and gives no sign of life for so long hangs. Its request is told so, and when
        all do, all others are too, until one ends what it is at.
        """
        self._spec = spec
        self._settings = settings
        self._num_slots = num_slots
        self._queue_length = queue_length
        self._max_cached_voices = max_cached_voices
        self._max_open_streams = max_open_streams
        self._deadline_s = deadline_s
        self._slots: list[EngineSlot] = []
        self._line: WaitingLine[EngineSlot] | None = None
        self._foreground = foreground or Foreground()
        self._leisure = LeisureLane(spec, settings, self._foreground)
        self._background = BackgroundLane(spec, settings, deadline_s)
        self._streams: set[InProcessEngineStream] = set()
        self._watching: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def spec(self) -> EngineSpec:
        return self._spec

    @property
    def is_ready(self) -> bool:
        return self._line is not None and not self._is_closed and not self._hangs

    @property
    def num_busy(self) -> int:
        """Slots that are working."""
        return self._line.num_busy if self._line is not None else 0

    @property
    def num_waiting(self) -> int:
        """Requests in line for a slot."""
        return self._line.num_waiting if self._line is not None else 0

    async def start(self) -> None:
        if self._slots:
            return
        started_s = monotonic()
        for number in range(self._num_slots):
            slot = EngineSlot(
                self._spec,
                self._settings,
                f"myna-engine-{number}",
                self._max_cached_voices,
                deadline_s=self._deadline_s,
            )
            self._slots.append(slot)
            # One after the other: loading takes the most memory, and the first failure is the same as the others.
            await slot.thread.submit(slot.load)
        self._line = WaitingLine(self._slots, self._queue_length, self._foreground, self._nudge_streams)
        self._watching = asyncio.create_task(self._watch(self._line))
        logger.info("engine %s loaded, %d slots, %.1f s", self._spec.id, self._num_slots, monotonic() - started_s)

    async def encode_voice(
        self, reference: ReferenceAudio, *, by_ear: bool = False, at_leisure: bool = False
    ) -> VoiceArtifact:
        hears = by_ear and self._spec.capabilities.hears
        return await self._make(
            lambda engine: engine.hear_voice(reference) if hears else engine.encode_voice(reference), at_leisure
        )

    async def design_voice(self, attributes: VoiceAttributes, lang: LangCode, seed: int) -> VoiceArtifact:
        return await self._make(lambda engine: engine.design_voice(attributes, lang, seed))

    async def refine_voice(self, artifact: VoiceArtifact, reference: ReferenceAudio) -> VoiceArtifact:
        self._check_artifact(artifact)
        if not self._spec.capabilities.refines:
            return artifact
        return await self._make(lambda engine: engine.refine_voice(artifact.content, reference), at_leisure=True)

    async def speak_whole(
        self,
        voice: VoiceArtifact,
        segments: Sequence[SpeechSegment],
        options: SynthesisOptions,
        *,
        at_leisure: bool = False,
    ) -> Sequence[SpokenChunk]:
        self._check_artifact(voice)
        return await self._call(lambda slot: slot.speak_whole(voice, segments, options), at_leisure)

    async def synthesize(
        self,
        voice: VoiceArtifact,
        segments: Sequence[SpeechSegment],
        options: SynthesisOptions,
        *,
        is_stream: bool = True,
        is_background: bool = False,
    ) -> EngineStream:
        live = self._require_line()
        self._check_artifact(voice)
        if len(self._streams) >= self._max_open_streams:
            raise Overloaded("Too many streams are open. Try again in a few seconds.")
        line = self._background.open() if is_background else live
        on_end = self._end_background if is_background else self._streams.discard
        rate_hz = self._spec.capabilities.sample_rate_hz
        hand_over = ChunkHandOver(rate_hz, lambda: line.is_wanted, is_stream=is_stream)
        stream = InProcessEngineStream(
            line,
            hand_over,
            SpeechInTurns(voice, tuple(segments), options, hand_over),
            on_end=on_end,
            gives_way_to=live if is_background else None,
        )
        self._streams.add(stream)
        try:
            await stream.wait_for_first()
        except BaseException:
            stream.stop()
            on_end(stream)
            raise
        return stream

    async def close(self) -> None:
        """Send everybody away, then give engines and threads back. A call that does not end in time is left behind."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._watching is not None:
            self._watching.cancel()
        self._leisure.close()
        self._background.close()
        if self._line is not None:
            self._line.close()
        for stream in tuple(self._streams):
            stream.break_off(closing())
        self._streams.clear()
        unloads = [slot.thread.submit(slot.unload) for slot in self._slots]
        if unloads:
            _, late = await asyncio.wait(unloads, timeout=_CLOSE_TIMEOUT_S)
            if late:
                logger.warning("%d engine slots are still working and are left behind", len(late))
        for slot in self._slots:
            slot.thread.stop()

    async def _make(self, work: Callable[[Engine], bytes], at_leisure: bool = False) -> VoiceArtifact:
        content = await self._call(lambda slot: work(slot.engine), at_leisure)
        return VoiceArtifact(content, self._spec.id, self._spec.version)

    async def _call(self, work: Callable[[EngineSlot], T], at_leisure: bool) -> T:
        if at_leisure:
            return await self._leisure.run(work)
        line = self._require_line()
        with trace_part("queue"):
            slot = await line.enter(due_s=monotonic() + _PATIENCE_S)
        call = slot.thread.submit(partial(work, slot))
        # The slot is free when the engine is done, even if the caller left long before.
        call.add_done_callback(lambda _: line.leave(slot))
        with trace_part("engine makes a voice"):
            return await slot.result_of(call)

    async def _watch(self, line: WaitingLine[EngineSlot]) -> None:
        """While all slots hang nobody waits for one."""
        num_hung = 0
        while True:
            await asyncio.sleep(_WATCH_S)
            was_hung, num_hung = num_hung, sum(slot.hangs for slot in self._slots)
            if num_hung != was_hung:
                message = "%d of %d engine slots hang: no sign of life for %g s"
                logger.error(message, num_hung, self._num_slots, self._deadline_s)
            if self._hangs:
                line.send_away(_hanging())

    @property
    def _hangs(self) -> bool:
        return bool(self._slots) and all(slot.hangs for slot in self._slots)

    def _end_background(self, stream: InProcessEngineStream) -> None:
        self._streams.discard(stream)
        if not self._is_closed:
            self._background.end()

    def _nudge_streams(self) -> None:
        for stream in self._streams:
            stream.nudge()

    def _require_line(self) -> WaitingLine[EngineSlot]:
        if self._is_closed:
            raise closing()
        if self._line is None:
            raise ServiceUnavailable("The engine is still being loaded. Try again in a few seconds.")
        if self._hangs:
            raise _hanging()
        return self._line

    def _check_artifact(self, artifact: VoiceArtifact) -> None:
        if not artifact.is_made_by(self._spec.id, self._spec.version):
            raise VoiceIncompatible(
                f"The voice was made by the engine '{artifact.engine_id}' version {artifact.engine_version}; this "
                f"server runs '{self._spec.id}' version {self._spec.version}. Make it again with "
                "`myna voices remake`, or run the server with that engine."
            )


def _hanging() -> ServiceUnavailable:
    return ServiceUnavailable("The engine does not answer any more. Try again later.")
