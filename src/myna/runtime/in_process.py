"""Engines in this process: an owner thread per slot, one line before them, two chunks ahead (docs/decisions/0007)."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import TypeVar

from myna.domain.attributes import VoiceAttributes
from myna.domain.errors import Overloaded, ServiceUnavailable
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
from myna.runtime.owner_thread import OwnerThread
from myna.runtime.pausable_speech import PausableSpeech

logger = logging.getLogger(__name__)

T = TypeVar("T")

_CACHE_BYTES = 50_000_000
"""What the loaded voices take together that one instance keeps."""
_MAX_OPEN_STREAMS = 64
"""Streams that are open at one time, most of them waiting for a slow consumer; bounds the memory of their buffers."""
_PATIENCE_S = 3.0
"""A voice takes so long to make: a listener from whom the engine is taken for it must have as much to hear."""
_HANG_S = 120.0
"""A step of an engine takes some three seconds of a core; a busy machine gives it a tenth of one."""
_LOOKS = 60
"""In that time. They are counted, not the time: a process that was stopped for an hour has not hung."""
_LOOKS_AT_JOBS = 5 * _LOOKS
"""Their thread has what others leave of the processor."""
_MAX_HUNG = 3
"""Each is a thread and the memory of an instance left behind; then another process has to take over."""
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
        cache_bytes: int = _CACHE_BYTES,
        max_open_streams: int = _MAX_OPEN_STREAMS,
        hang_s: float = _HANG_S,
    ) -> None:
        """foreground: goes before work at leisure; told of what is served here. num_slots: requests at one time, an
        instance each. queue_length: that may wait. cache_bytes: of the loaded voices of an instance.
        max_open_streams: read or not. hang_s: an engine that makes no step for so long is given up, and another
        loaded."""
        self._spec = spec
        self._settings = settings
        self._num_slots = num_slots
        self._queue_length = queue_length
        self.max_cached_voices = max(1, cache_bytes // spec.capabilities.voice_bytes)
        """Loaded voices that each instance keeps."""
        self._max_open_streams = max_open_streams
        self._hang_s = hang_s
        self._watching: asyncio.Task[None] | None = None
        self._seen: dict[EngineSlot, tuple[object, int]] = {}
        """What each slot was at, and at how many looks in a row."""
        self._hung: list[OwnerThread] = []
        self._slots: list[EngineSlot] = []
        self._line: WaitingLine[EngineSlot] | None = None
        self._foreground = foreground or Foreground()
        self._leisure = LeisureLane(spec, settings, self._foreground)
        self._background = BackgroundLane(spec, settings, self.max_cached_voices)
        self._streams: set[InProcessEngineStream] = set()
        self._background_streams: set[InProcessEngineStream] = set()
        self._is_closed = False

    @property
    def spec(self) -> EngineSpec:
        return self._spec

    @property
    def is_ready(self) -> bool:
        """An engine is loaded. Not while the only one, which hung, is being replaced, nor after that came too often."""
        if self._line is None or self._is_closed or self._hangs_for_good:
            return False
        return not self._slots or any(slot.is_loaded for slot in self._slots)

    @property
    def is_well(self) -> bool:
        """It is ready, or will be again without another process."""
        return not self._hangs_for_good

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
            slot = EngineSlot(self._spec, self._settings, f"myna-engine-{number}", self.max_cached_voices)
            self._slots.append(slot)
            # One after the other: loading takes the most memory, and the first failure is the same as the others.
            await slot.thread.submit(slot.load)
        self._line = WaitingLine(self._slots, self._queue_length, self._foreground, self._nudge_streams)
        self._watching = asyncio.create_task(self._watch())
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
    ) -> InProcessEngineStream:
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
            PausableSpeech(voice, tuple(segments), options, hand_over),
            on_end=on_end,
            gives_way_to=live if is_background else None,
        )
        self._streams.add(stream)
        if is_background:
            self._background_streams.add(stream)
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
        self._background.send_away()
        if self._line is not None:
            self._line.close()
        for stream in tuple(self._streams):
            stream.break_off(closing())
        self._streams.clear()
        self._background.close()
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
            return await asyncio.shield(call)

    async def _watch(self) -> None:
        """Find slots whose engine neither answers nor raises."""
        while True:
            await asyncio.sleep(self._hang_s / _LOOKS)
            self._look_at_slots()

    def _look_at_slots(self) -> None:
        """Give up those that stood still at so many looks, one after the other."""
        jobs = self._background.slot
        for slot in (*self._slots, *([jobs] if jobs is not None else [])):
            state = (slot.thread, slot.thread.num_steps) if slot.thread.is_at_work else None
            before, num_looks = self._seen.get(slot, (None, 0))
            num_looks = num_looks + 1 if state is not None and state == before else 0
            self._seen[slot] = state, num_looks
            if num_looks >= (_LOOKS_AT_JOBS if slot is jobs else _LOOKS):
                logger.error("an engine hangs and is given up", extra={"hung_s": self._hang_s})
                self._hung.append(slot.give_up())

    @property
    def _hangs_for_good(self) -> bool:
        return sum(not thread.join(0.0) for thread in self._hung) > _MAX_HUNG

    def _end_background(self, stream: InProcessEngineStream) -> None:
        self._streams.discard(stream)
        self._background_streams.discard(stream)
        if not self._is_closed and not self._background_streams:
            self._background.end()

    def _nudge_streams(self) -> None:
        for stream in self._streams:
            stream.nudge()

    def _require_line(self) -> WaitingLine[EngineSlot]:
        if self._is_closed:
            raise closing()
        if self._hangs_for_good:
            raise ServiceUnavailable("The engine hangs again and again: the server has to be started again.")
        if self._line is None:
            raise ServiceUnavailable("The engine is still being loaded. Try again in a few seconds.")
        return self._line

    def _check_artifact(self, artifact: VoiceArtifact) -> None:
        artifact.refuse_unless_made_by(self._spec.id, self._spec.version)
