"""The plug-in port: what a speech model that copies voices must offer, blocking, numpy in and out. Threads, queues,
cancellation and placement are the runtime's (`myna.runtime`)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from myna.domain.attributes import VoiceAttributes
from myna.domain.errors import DeviceUnavailable
from myna.domain.language import LangCode
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.waveform import ReferenceAudio

VoiceState = Any
"""An artifact loaded by its engine. Opaque and read-only to everybody else, hence `Any`."""


@dataclass(frozen=True, slots=True)
class EngineCapabilities:
    """What an engine can do, as data, so that it can be asked without loading anything."""

    languages: frozenset[LangCode]
    sample_rate_hz: int
    """Of what `synthesize` yields."""
    reference_rate_hz: int
    """Of what `encode_voice` wants."""
    reference_seconds: tuple[float, float]
    """Least useful, most used."""
    needs_transcript: bool = False
    streams: bool = False
    """The first chunk of a segment is there before the last is computed."""
    max_segment_chars: int = 400
    reports_timings: bool = False
    """`SpokenChunk.timings` is filled."""
    hears: bool = False
    """`hear_voice` makes a better artifact than `encode_voice`, and takes its time."""
    refines: bool = False
    """`refine_voice` improves an artifact further in the background."""
    experimental_languages: frozenset[LangCode] = frozenset()
    """Those of `languages` that are understood but not native in sound."""
    voice_bytes: int = 500_000
    """What a loaded voice takes at most: the runtime keeps as many as fit into its bound."""
    devices: frozenset[str] = frozenset({"cpu"})
    """Of `cpu` and `cuda` those that `load` obeys, or refuses where the machine lacks it."""
    speaks_words: bool = True
    """False for an engine that makes sound out of text which nobody could understand: a hum for tests."""

    @property
    def spoken_languages(self) -> frozenset[LangCode]:
        """Languages in which a listener understands what is said."""
        return self.languages if self.speaks_words else frozenset()

    def or_english(self, lang: LangCode) -> LangCode:
        """The language itself if it is spoken, else American English, which every engine speaks."""
        return lang if lang in self.languages else LangCode.EN_US


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What an engine may know of its surroundings."""

    weights_dir: Path
    """The weight cache; read through `myna.weights`, which verifies digests."""
    num_threads: int = 2
    device: str = "cpu"
    """One of `EngineCapabilities.devices`."""
    before_step: Callable[[], None] = lambda: None
    """Called between the steps of what takes long: it blocks while somebody else needs the machine, and raises when
    nobody wants the result any more. A step is at most some three seconds of one core."""
    interrupting: Callable[[Callable[[], None]], AbstractContextManager[object]] = nullcontext
    """For a step of more than a second: within the block the given function is called, from another thread, when
    somebody else needs the machine; the step may be given up and begun again."""


@dataclass(frozen=True, slots=True)
class StockVoice:
    """A voice that comes with an engine."""

    name: str
    """Its id on the wire: a bare capitalised name such as `Dennis`."""
    lang: LangCode
    gender: str
    age_group: str
    description: str
    artifact: bytes


@runtime_checkable
class Interruptible(Protocol):
    """What `Engine.synthesize` returns may have this too: worth it where one chunk takes long."""

    def interrupt(self) -> None:
        """Give up the chunk that is being computed, and end. Called from another thread, at any time."""


class Engine(Protocol):
    """Blocking, one call at a time. Holds weights, never a voice or a request: an iterator that `synthesize` gave
    may stand still while others are drawn from. The laws are tests in `myna.testing.EngineContract`."""

    def encode_voice(self, reference: ReferenceAudio) -> bytes:
        """Derive a voice, at once: bytes that start with a magic and a version. Pure. Raises: InvalidRequest."""

    def hear_voice(self, reference: ReferenceAudio) -> bytes:
        """With care: what was found is listened to first. Pure; same errors. Only asked of engines with `hears`."""

    def refine_voice(self, artifact: bytes, reference: ReferenceAudio) -> bytes:
        """Improve an artifact at leisure (minutes). Engines without `capabilities.refines` return it unchanged."""

    def design_voice(self, attributes: VoiceAttributes, lang: LangCode, seed: int) -> bytes:
        """Make up a voice of this description; another seed gives another voice of the same description. Pure."""

    def load_voice(self, artifact: bytes) -> VoiceState:
        """Open an artifact. Raises: VoiceIncompatible for one of another engine or version."""

    def synthesize(self, voice: VoiceState, segment: SpeechSegment, options: SynthesisOptions) -> Iterator[SpokenChunk]:
        """What can be refused is refused by this call, not by the first `next()`. Closing the iterator ends the work
        within a chunk; one that is `Interruptible` sooner. `pause_after_s` is not the engine's to add. Raises:
        LanguageUnsupported, InvalidRequest."""

    def close(self) -> None:
        """Give weights and threads back."""


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What is known of an engine before anything heavy is imported."""

    id: str
    version: str
    """Changes when artifacts become incompatible."""
    licence: str
    """Of code and weights, shown to operators."""
    summary: str
    capabilities: EngineCapabilities
    load: Callable[[EngineSettings], Engine]
    """The only expensive step; imports the heavy libraries inside."""
    stock_voices: Callable[[], Sequence[StockVoice]]
    """Cheap: reads small files of the package, no weights."""
    weights: tuple[str, ...] = ()
    """Names in the weights manifest that `load` needs."""

    def check_device(self, device: str) -> None:
        """Whether the engine computes there at all; whether the machine has it is found by `load`. Raises:
        DeviceUnavailable."""
        if device not in self.capabilities.devices:
            known = " or ".join(sorted(self.capabilities.devices))
            raise DeviceUnavailable(f"MYNA_DEVICE={device}: the engine '{self.id}' computes on {known} alone.")
