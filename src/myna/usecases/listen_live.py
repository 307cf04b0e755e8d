"""Write down speech while it is spoken: turns are found in a stream of audio, and heard while and after they last."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from myna.domain.language import LangCode
from myna.domain.transcript import MAX_HEARD_S, HeardPassage
from myna.domain.waveform import Samples, Waveform
from myna.usecases.ports import Offload, SampleAnalyst

_STEP_S = 0.2
"""How often is looked whether somebody speaks."""
_WINDOW_S = 3.0
"""What is looked at: silence is judged beside the speech before it."""
_PARTIAL_S = 0.5
_LANGUAGE_S = 1.5
"""Of less speech the language cannot be heard: the first words would come as those of another."""
_LEAD_S = 0.2
"""Before the first sound of a turn: it begins softer than it is noticed."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    start_s: float
    confidence: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    silence_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """What was said since the last final one, to be heard. Without samples if nothing was."""

    start_s: float
    waveform: Waveform
    is_final: bool


LiveEvent = SpeechStarted | SpeechStopped | Turn


@dataclass(frozen=True, slots=True)
class ListenLive:
    analyst: SampleAnalyst
    offload: Offload

    def open(self, sample_rate_hz: int, num_channels: int, silence_s: float) -> "LiveListening":
        """silence_s: how long nobody speaks when a turn is over; infinite if the caller ends turns."""
        return LiveListening(self, sample_rate_hz, num_channels, silence_s)

    async def hear(self, turn: Turn, lang: LangCode | None, prompt: str = "") -> HeardPassage | None:
        """Its words, with times of the stream; None if there are none yet. Raises: Overloaded, ..."""
        is_too_short = lang is None and not turn.is_final and turn.waveform.duration_s < _LANGUAGE_S
        if is_too_short or not len(turn.waveform.samples):
            return None
        heard = await self.offload(partial(self.analyst.hear, turn.waveform, lang, prompt))
        return heard.after(turn.start_s) if heard is not None else None


class LiveListening:
    """One stream. Times are seconds from its start. What is before the last final turn is never looked at again."""

    def __init__(self, service: ListenLive, sample_rate_hz: int, num_channels: int, silence_s: float) -> None:
        self._service = service
        self._rate_hz = sample_rate_hz
        self._num_channels = num_channels
        self._frame_bytes = 2 * num_channels
        self._pending = bytearray()
        """What arrived since the last step."""
        self._silence_s = silence_s
        self._kept: Samples = np.zeros(0, np.float32)
        """The end of the stream: of the turn all, of silence the window."""
        self._num_samples = 0
        self._floor_s = 0.0
        """Where the last final turn ended."""
        self._turn_s: float | None = None
        """Where the turn began; None while nobody speaks."""
        self._talk_end_s = 0.0
        self._partial_s = 0.0
        """How far was heard."""

    @property
    def duration_s(self) -> float:
        """Of what arrived."""
        return self._now_s + len(self._pending) / self._frame_bytes / self._rate_hz

    @property
    def is_in_turn(self) -> bool:
        return self._turn_s is not None

    @property
    def quiet_s(self) -> float:
        """For how long nobody has spoken."""
        return 0.0 if self.is_in_turn else self._now_s - self._talk_end_s

    async def push(self, content: bytes) -> list[LiveEvent]:
        """What happens in 16-bit little-endian samples, channels interleaved; a piece may end within a sample, as those
        of pipes and downloads do. Raises: Overloaded."""
        self._pending += content
        events: list[LiveEvent] = []
        step_bytes = round(_STEP_S * self._rate_hz) * self._frame_bytes
        while len(self._pending) >= step_bytes:
            self._keep(step_bytes)
            events += await self._look()
        return events

    def end_turn(self) -> list[LiveEvent]:
        """The turn is over because the caller says so."""
        self._keep(len(self._pending) // self._frame_bytes * self._frame_bytes)
        stopped = [] if self._turn_s is None else [SpeechStopped(max(0.0, self._now_s - self._talk_end_s))]
        return [*stopped, self._finish()]

    @property
    def _now_s(self) -> float:
        return self._num_samples / self._rate_hz

    def _keep(self, num_bytes: int) -> None:
        frames = np.frombuffer(bytes(self._pending[:num_bytes]), "<i2").reshape(-1, self._num_channels)
        del self._pending[:num_bytes]
        samples = frames.mean(axis=1, dtype=np.float32) / np.float32(32768)
        self._kept = np.concatenate([self._kept, samples])
        self._num_samples += len(samples)

    async def _look(self) -> list[LiveEvent]:
        window = self._kept[-round(_WINDOW_S * self._rate_hz) :]
        spans = await self._service.offload(partial(self._service.analyst.find_talk, Waveform(window, self._rate_hz)))
        now_s = self._now_s
        window_s = now_s - len(window) / self._rate_hz
        talk = [span for span in spans if span.end_s + window_s > self._floor_s]
        if talk:
            self._talk_end_s = talk[-1].end_s + window_s
        if self._turn_s is None:
            return self._begin(talk[0].start_s + window_s, talk[0].confidence) if talk else self._forget_silence()
        silence_s = now_s - self._talk_end_s
        if silence_s >= self._silence_s:
            return [SpeechStopped(silence_s), self._finish()]
        if now_s - self._turn_s >= MAX_HEARD_S:
            return [self._finish()]  # the next turn begins with what is left
        if now_s - self._partial_s < _PARTIAL_S:
            return []
        self._partial_s = now_s
        return [self._take_turn(is_final=False)]

    def _begin(self, start_s: float, confidence: float) -> list[LiveEvent]:
        start_s = max(start_s, self._floor_s)
        self._turn_s = max(start_s - _LEAD_S, self._floor_s, self._now_s - len(self._kept) / self._rate_hz)
        self._partial_s = start_s
        return [SpeechStarted(start_s, confidence)]

    def _forget_silence(self) -> list[LiveEvent]:
        self._kept = self._kept[-round(_WINDOW_S * self._rate_hz) :]
        return []

    def _finish(self) -> Turn:
        turn = self._take_turn(is_final=True)
        self._floor_s, self._turn_s = self._now_s, None
        self._forget_silence()
        return turn

    def _take_turn(self, *, is_final: bool) -> Turn:
        start_s = self._now_s if self._turn_s is None else self._turn_s
        num_samples = round((self._now_s - start_s) * self._rate_hz)
        samples = self._kept[len(self._kept) - num_samples :]
        return Turn(start_s, Waveform(samples, self._rate_hz), is_final)
