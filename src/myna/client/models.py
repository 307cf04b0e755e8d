"""The values that this client takes and gives: plain, frozen, with their units."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from os import PathLike
from pathlib import PurePath

from myna.client.errors import RequestRefused


class Encoding(StrEnum):
    """How speech arrives. `LINEAR16` and `WAV` are both WAV files; `PCM`, `ALAW` and `MULAW` have no header."""

    MP3 = "MP3"
    OGG_OPUS = "OGG_OPUS"
    FLAC = "FLAC"
    LINEAR16 = "LINEAR16"
    WAV = "WAV"
    PCM = "PCM"
    ALAW = "ALAW"
    MULAW = "MULAW"


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording of the voice to copy: 10 to 15 seconds are best."""

    content: bytes | str | PathLike[str]
    """The bytes of an audio file, or its path."""
    transcript: str = ""
    """What is said in it; heard by the server when empty."""


@dataclass(frozen=True, slots=True)
class Consent:
    """Who agreed that a voice is copied."""

    given_by: str = ""
    """Who agreed."""
    speaker: str = ""
    """Whose voice it is."""
    purpose: str = ""
    statement: str = ""
    """The words that were agreed to."""
    wording_version: str = ""
    recordings_sha256: tuple[str, ...] = ()
    """Told by the server, as are the times: of each recording as it was sent, hex."""
    given_at: str = ""
    """RFC 3339, UTC."""
    revoked_at: str = ""
    """Empty while it stands; from then on the voice does not speak."""


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """How to speak and in which format."""

    encoding: Encoding | None = None
    """None: what the suffix of the file says (`.wav`, `.mp3`, ...), MP3 where there is no file."""
    sample_rate_hz: int | None = None
    """8000 to 48000; None for 8000 with ALAW and MULAW, else 48000."""
    bit_rate_bps: int = 128_000
    """MP3 and OGG_OPUS only."""
    speaking_rate: float = 1.0
    """Factor on the voice's own rate, 0.5 to 1.5; keeps pitch."""
    lang: str | None = None
    """BCP-47, such as `en-GB`; None for the voice's own language."""
    model_id: str = "inworld-tts-1.5-max"
    temperature: float = 1.0
    seed: int | None = None
    normalize_text: bool | None = None
    """Write out numbers, dates and the like; None lets the server decide."""
    dictionaries: tuple[str, ...] = ()
    """Names of up to three pronunciation dictionaries. Only `inworld-tts-2` and `-flash` use them."""

    @property
    def rate_hz(self) -> int:
        """`sample_rate_hz` with the default filled in."""
        if self.sample_rate_hz is not None:
            return self.sample_rate_hz
        return 8000 if self.encoding in {Encoding.ALAW, Encoding.MULAW} else 48000


DEFAULT_OPTIONS = SpeechOptions()

SUFFIXES = {
    ".wav": Encoding.WAV,
    ".mp3": Encoding.MP3,
    ".ogg": Encoding.OGG_OPUS,
    ".opus": Encoding.OGG_OPUS,
    ".flac": Encoding.FLAC,
    ".pcm": Encoding.PCM,
    ".raw": Encoding.PCM,
    ".alaw": Encoding.ALAW,
    ".al": Encoding.ALAW,
    ".mulaw": Encoding.MULAW,
    ".ulaw": Encoding.MULAW,
    ".ul": Encoding.MULAW,
}
"""What a file's suffix says about its encoding."""


def with_encoding(options: SpeechOptions, path: PurePath | None = None) -> SpeechOptions:
    """With the encoding settled: as given, by the file's suffix, or MP3. Raises: RequestRefused for another suffix."""
    if options.encoding is not None:
        return options
    if path is None:
        return replace(options, encoding=Encoding.MP3)
    encoding = SUFFIXES.get(path.suffix.lower())
    if encoding is None:
        raise RequestRefused(f"The name of {path} tells no format. End it in one of {' '.join(SUFFIXES)}.")
    return replace(options, encoding=encoding)


@dataclass(frozen=True, slots=True)
class Voice:
    voice_id: str
    name: str
    """`workspaces/{workspace}/voices/{voice}`."""
    display_name: str
    lang_code: str
    """`EN_US`."""
    source: str
    """`IVC` for a clone, `SYSTEM` for a voice that comes with the engine."""
    description: str = ""
    tags: tuple[str, ...] = ()
    gender: str = ""
    age_group: str = ""
    create_time: str = ""
    """RFC 3339, UTC; empty if the server does not tell."""
    refinement: str = ""
    """`pending` while something is done for it in the background, then `done`; empty if there is nothing to do."""
    refinement_stage: str = ""
    """While that is pending: `hearing`, `measuring` or `refining`."""
    consent: Consent | None = None
    """None if none is recorded, or the server does not tell."""
    similarity: float | None = None
    """How alike the voice and its recording are, 0 stranger to 1 same person; None if not measured, or not yet."""
    clarity: float | None = None
    """How well the voice is understood, 0 to 1; None if not measured, or not yet."""
    warnings: tuple["Remark", ...] = ()
    """What is wrong with the voice, with advice."""

    @property
    def is_heard(self) -> bool:
        """Nothing but refinement may be left to do: it has been listened to, and measured if that is ever done."""
        return self.refinement_stage not in {"hearing", "measuring"}


@dataclass(frozen=True, slots=True)
class Remark:
    """What was noticed about a recording, with advice."""

    text: str
    code: str = ""
    """Stable name, if the server sends one."""
    value: float | None = None
    """What was measured, in `unit`."""
    unit: str = ""
    start_s: float | None = None
    """Where in the recording it applies; None for all of it."""
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What the server made of one recording."""

    lang_code: str
    """What is spoken, as given or as heard: `EN_US`; empty if unknown."""
    transcript: str
    """As given, or as heard."""
    warnings: tuple[Remark, ...]
    errors: tuple[Remark, ...]
    """Not empty: this recording was not used."""
    notes: tuple[Remark, ...] = ()
    """Remarks that ask for nothing."""
    wav: bytes = field(repr=False, default=b"")
    """The part that was used, cleaned, as a WAV file; may be empty."""
    quality: Mapping[str, float | int | bool | None] = field(default_factory=dict)
    """Measurements by their wire name; empty if the server sends none."""


@dataclass(frozen=True, slots=True)
class CloneReport:
    voice: Voice | None
    """None if no recording could be used (`samples` say why), or nothing was to be stored."""
    samples: tuple[SampleReport, ...]
    """One for each recording, in their order."""
    is_refining: bool = False
    """A better version of the voice will take this one's place in the background."""

    @property
    def similarity(self) -> float | None:
        return self.voice.similarity if self.voice is not None else None

    @property
    def clarity(self) -> float | None:
        return self.voice.clarity if self.voice is not None else None


@dataclass(frozen=True, slots=True)
class SpeechSummary:
    """What was spoken, when the audio itself went into a file."""

    num_characters: int
    num_chapters: int
    """Requests that the text was cut into."""
    num_bytes: int


class Stage(StrEnum):
    UPLOADING = "uploading"
    """Counts bytes."""
    CLONING = "cloning"
    """The server is at work: 0 of 1, then 1 of 1."""
    SPEAKING = "speaking"
    """Counts characters of the text."""


@dataclass(frozen=True, slots=True)
class Progress:
    stage: Stage
    done: int
    total: int


OnProgress = Callable[[Progress], None]


def ignore_progress(_: Progress) -> None:
    """For callers who do not watch."""
