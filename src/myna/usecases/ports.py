"""What the use cases need of outside: protocols, and frozen dataclasses of plain values and float32 arrays."""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from myna.domain.attributes import VoiceAttributes
from myna.domain.consent import Consent, Revocation
from myna.domain.language import LangCode
from myna.domain.pronunciation import PronunciationDictionary
from myna.domain.sample import AnalysedSample, SampleRequest
from myna.domain.scope import Scopes
from myna.domain.speech import SpeechSegment, SpokenChunk, SynthesisOptions
from myna.domain.transcript import FoundSpeech, HeardPassage, Talk
from myna.domain.voice import Refinement, TrialMeasures, Voice, VoiceArtifact, VoiceId, WorkspaceId
from myna.domain.waveform import ReferenceAudio, Waveform
from myna.engines.base import EngineSpec
from myna.usecases.voice_order import SelectedVoices, VoiceSelection

T = TypeVar("T")


class Offload(Protocol):
    """Runs blocking work away from the event loop."""

    async def __call__(self, work: Callable[[], T]) -> T:
        """Run `work` and return what it returns or raise what it raises. Raises: Overloaded."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, with the UTC zone. Jumps when somebody sets the clock: for what is kept and shown."""

    def monotonic_s(self) -> float:
        """Seconds that pass, whatever the clock is set to: for how long ago something was in this process."""


# --- engines -------------------------------------------------------------------------------------------------------


class EngineStream(Protocol):
    """Spoken chunks of one request, pulled. The first chunk exists when the stream is handed out."""

    def __aiter__(self) -> AsyncIterator[SpokenChunk]: ...

    async def aclose(self) -> None:
        """Stop the engine within a chunk and free its slot. May be called at any time, more than once."""


class EngineClient(Protocol):
    """The async side of an engine: what a use case calls."""

    @property
    def spec(self) -> EngineSpec: ...

    async def start(self) -> None:
        """Load the engine. Raises: WeightsMissing, WeightsCorrupt, EngineFailure."""

    @property
    def is_ready(self) -> bool: ...

    @property
    def is_well(self) -> bool:
        """It is ready, or will be again without another process."""
        ...

    async def encode_voice(
        self, reference: ReferenceAudio, *, by_ear: bool = False, at_leisure: bool = False
    ) -> VoiceArtifact:
        """by_ear: with care, if the engine `hears`. at_leisure: gives way to whoever is served. Raises: Overloaded,
        ServiceUnavailable, EngineFailure and what the engine refuses."""

    async def design_voice(self, attributes: VoiceAttributes, lang: LangCode, seed: int) -> VoiceArtifact:
        """Make up a voice of a description. Same errors as `encode_voice`."""

    async def refine_voice(self, artifact: VoiceArtifact, reference: ReferenceAudio) -> VoiceArtifact:
        """Improve an artifact in the background, giving way to whoever is served. Same errors as `encode_voice`."""

    async def synthesize(
        self,
        voice: VoiceArtifact,
        segments: Sequence[SpeechSegment],
        options: SynthesisOptions,
        *,
        is_stream: bool = True,
        is_background: bool = False,
    ) -> EngineStream:
        """Once the first chunk exists. is_stream: played as it comes. is_background: stand still while anything else is
        spoken. Raises: Overloaded, VoiceIncompatible, LanguageUnsupported, EngineFailure."""

    async def speak_whole(
        self,
        voice: VoiceArtifact,
        segments: Sequence[SpeechSegment],
        options: SynthesisOptions,
        *,
        at_leisure: bool = False,
    ) -> Sequence[SpokenChunk]:
        """Everything at once, for those who want to hear nothing before the end. Raises: as `synthesize`."""

    async def close(self) -> None: ...


# --- voice samples -------------------------------------------------------------------------------------------------


class SampleAnalyst(Protocol):
    """Listens to voice samples. Blocking: called through `Offload`."""

    def analyse(self, sample: SampleRequest) -> AnalysedSample:
        """Decode, choose, clean, level, measure, transcribe, rate. Raises: AudioUndecodable; the rest are findings."""

    def join(self, samples: Sequence[AnalysedSample], rate_hz: int, max_s: float) -> ReferenceAudio:
        """One reference, highest rating first, at most `max_s` at `rate_hz`, by what is kept: `processed`,
        `transcript`, `lang`, `rating`."""

    def read(self, content: bytes) -> Waveform:
        """Of any accepted length, at its own rate. Raises: AudioUndecodable, RecordingTooLong, PayloadTooLarge."""

    def check(self, content: bytes) -> None:
        """Whether it can be read, by what it says of itself and its first sound. Raises: as `read`, not too long."""

    def find_speech(self, content: bytes, start_s: float = 0.0) -> FoundSpeech:
        """As much as is read at once, from `start_s` on, cut where nobody speaks. Raises: as `read`, not too long."""

    def find_talk(self, recent: Waveform) -> Sequence[Talk]:
        """Where somebody speaks in the last seconds of a stream, in order."""

    def hear(self, speech: Waveform, lang: LangCode | None, prompt: str = "") -> HeardPassage | None:
        """With their times; None if there are none. lang: None to detect. prompt: names and words that may occur."""

    def measure_similarity(self, first: Waveform, second: Waveform) -> float:
        """How alike two recordings sound, 0 for strangers to 1 for one person (calibration in docs/lab/audio.md)."""

    def measure_clarity(self, spoken: Waveform, text: str, lang: LangCode) -> float | None:
        """How well words are understood, 0 to 1 (docs/lab/audio.md), in at most 25 s; None if it cannot be judged."""


# --- store ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredSample:
    """A validated sample as it is kept beside a voice: another engine can be fed from it later."""

    wav: bytes
    transcript: str
    lang: LangCode
    rating: float | None = None
    """`AnalysedSample.rating` when it was heard; None for those that were kept before ratings were."""
    recording_sha256: str | None = None
    """Of the recording as it was sent, hex; None for those that were kept before this was."""

    @property
    def digest(self) -> str:
        """By which a consent names the recording: of what was sent, or of what is kept where that is not known."""
        return self.recording_sha256 or hashlib.sha256(self.wav).hexdigest()


@dataclass(frozen=True, slots=True)
class VoiceChange:
    """A patch: None leaves a field as it is."""

    display_name: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    gender: str | None = None
    age_group: str | None = None


@dataclass(frozen=True, slots=True)
class StoredVoice:
    voice: Voice
    artifact: VoiceArtifact


@dataclass(frozen=True, slots=True)
class RequestMark:
    """What a client says of a request that it may send again."""

    key: str
    """Any text."""
    body_sha256: str
    """Of all that makes it this request: where it goes, and its body."""


@dataclass(frozen=True, slots=True)
class DeletedFiles:
    """What a deleted voice had in the object storage."""

    sha256: tuple[str, ...]
    """Of the artifact and of each recording, in hex."""
    are_removed: bool
    """False: the storage was away; house-keeping removes them later."""


class VoiceStore(Protocol):
    """Keeps voices. Every method takes the workspace first; there is no way to ask without it."""

    async def add(
        self,
        workspace: WorkspaceId,
        voice: Voice,
        artifact: VoiceArtifact,
        samples: Sequence[StoredSample],
        *,
        mark: RequestMark | None = None,
        note: Callable[[], None] | None = None,
    ) -> None:
        """Store all of it or nothing. Raises: VoiceAlreadyExists.

        mark: of the request that makes this voice and no other; that it did is kept with the voice. Raises then also
        RequestInProgress: it took so long that its key is another's by now. note: blocks; called when nothing but the
        last step can fail, and what it raises is raised and nothing stored. Nothing is ever stored that was not noted.
        """

    async def get(self, workspace: WorkspaceId, voice_id: VoiceId) -> Voice:
        """Raises: VoiceNotFound. A draft past its time is not found."""

    async def get_with_artifact(self, workspace: WorkspaceId, voice_id: VoiceId) -> StoredVoice:
        """Raises: VoiceNotFound."""

    async def get_samples(self, workspace: WorkspaceId, voice_id: VoiceId) -> Sequence[StoredSample]:
        """Raises: VoiceNotFound."""

    async def list(self, workspace: WorkspaceId) -> Sequence[Voice]:
        """All published voices of the workspace (no drafts), oldest first."""

    async def select(self, workspace: WorkspaceId, selection: VoiceSelection) -> SelectedVoices:
        """Some of them, in another order."""
        ...

    async def list_names(self, workspace: WorkspaceId) -> Sequence[tuple[VoiceId, str]]:
        """Ids and display names of all of them, oldest first, those of one moment by their ids."""
        ...

    async def list_languages(self, workspace: WorkspaceId) -> set[LangCode]:
        """Those that they are in."""
        ...

    async def update(self, workspace: WorkspaceId, voice_id: VoiceId, change: VoiceChange) -> Voice:
        """Raises: VoiceNotFound."""

    async def publish(self, workspace: WorkspaceId, voice_id: VoiceId, change: VoiceChange) -> Voice:
        """A draft is listed and does not expire, with the changes; of a published voice these. Raises: as `get`."""

    async def replace_artifact(
        self,
        workspace: WorkspaceId,
        voice_id: VoiceId,
        artifact: VoiceArtifact,
        refinement: Refinement = Refinement.DONE,
        *,
        over: StoredVoice | None = None,
    ) -> bool:
        """Atomically; readers get the one or the other. refinement: from then on; unless done, measures of the old
        one are dropped. over: what the work began with; if artifact or stage is another, nothing happens: False.
        Raises: VoiceNotFound; with `over` also ConsentRevoked."""

    async def set_measures(self, over: StoredVoice, measures: TrialMeasures, refinement: Refinement) -> bool:
        """What was measured on a voice, and how far it is with that. Otherwise as `replace_artifact`."""

    async def claim_refinement(self, voice: Voice, lifetime: timedelta) -> bool:
        """Be the only process at this stage, for so long from now; may be repeated. False if another is, or it is over.
        Raises: VoiceNotFound, ConsentRevoked."""

    async def list_made_by_others(self, engine_id: str, engine_version: str) -> Sequence[Voice]:
        """House-keeping over all workspaces: voices not of this engine and version, oldest first, without drafts."""

    async def list_pending_refinements(self, engine_id: str, engine_version: str) -> Sequence[Voice]:
        """House-keeping over all workspaces: voices of this engine whose refinement is pending, oldest first."""

    async def set_consent(
        self,
        workspace: WorkspaceId,
        voice_id: VoiceId,
        consent: Consent,
        *,
        note: Callable[[], None] | None = None,
    ) -> Voice:
        """In the place of the one before. A revoked one leaves a `Revocation`, for good. note: as `add`. Raises:
        VoiceNotFound."""

    async def list_revocations(self, workspace: WorkspaceId, voice_id: VoiceId) -> Sequence[Revocation]:
        """The newest first, also of a voice that is deleted. voice_id: or its digest."""

    async def delete(self, workspace: WorkspaceId, voice_id: VoiceId) -> DeletedFiles:
        """Row, samples and artifact, at once. Raises: VoiceNotFound."""

    async def delete_expired_drafts(self) -> int:
        """House-keeping over all workspaces: how many drafts were dropped."""

    async def delete_made_before(
        self, moment: datetime, note: Callable[[VoiceId], None] | None = None
    ) -> Sequence[VoiceId]:
        """House-keeping over all workspaces: which voices were deleted, drafts too. Some of them at a time, and
        none when there are no more. note: as `add`, of each; if it raises all of these stay. Raises:
        ServiceUnavailable, and what `note` raises."""

    async def recover(self) -> int:
        """Drop what a crash left half done; how many leftovers were dropped. Called once before serving."""

    async def check(self) -> None:
        """Raises: ServiceUnavailable when the store cannot be read and written."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key, or a token made of it, opens."""

    workspace: WorkspaceId
    scopes: Scopes
    key_id: str = ""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as it is listed: never the key itself."""

    key_id: str
    workspace: WorkspaceId
    scopes: Scopes
    prefix: str
    """The first four characters, to recognise it by."""
    created_at: datetime
    revoked_at: datetime | None = None
    expires_at: datetime | None = None
    """From then on it opens nothing; None: never."""
    last_used_on: date | None = None
    """The day, in UTC."""


class KeyStore(Protocol):
    """Keeps API keys, hashed."""

    async def create(
        self, workspace: WorkspaceId, scopes: Scopes, lifetime: timedelta | None = None
    ) -> tuple[str, KeyRow]:
        """Make a key; the only moment at which it exists in clear. Raises: InvalidRequest for a bad workspace name."""

    async def rotate(self, key_id: str, overlap: timedelta) -> tuple[str, KeyRow]:
        """A key that opens the same for as long; the old one ends after the overlap. Raises: ResourceNotFound,
        InvalidRequest for a key that opens nothing any more or was rotated."""

    async def verify(self, key: str) -> Grant:
        """Notes that the key is used today. Raises: CredentialsRejected, CredentialsExpired."""

    async def vouch(self, key_id: str) -> Grant:
        """As `verify`, of a key that is not here but has signed something."""

    async def signing_secret(self, key_id: str) -> bytes | None:
        """The SHA-256 of `IW1` and the key's secret; None: no such key. Raises: PermissionDenied (not kept)."""

    async def spend(self, name: str, expires_at: datetime) -> bool:
        """False if the name was spent before. Kept until it expires; of several at once one gets True."""

    async def list(self) -> Sequence[KeyRow]: ...

    async def revoke(self, key_id: str) -> None:
        """Raises: ResourceNotFound."""


class TokenVault(Protocol):
    """Signs tokens, links and receipts."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """sub, jti, iat, exp, scope, once."""

    def read(self, token: str) -> Mapping[str, Any] | None:
        """The claims; None for what was not signed here. Does not look at the times."""

    def sign_link(self, name: str) -> str:
        """64 hex digits that nobody else can make for this name; no token."""

    def sign_receipt(self, receipt: Mapping[str, Any]) -> str:
        """A JWS (EdDSA) that anybody can check who knows `receipt_key`."""

    @property
    def receipt_key(self) -> Mapping[str, Any]:
        """The public half, as a JWK. Raises: ServiceUnavailable, if nothing can be signed."""


@dataclass(frozen=True, slots=True)
class MarkedRequest:
    """An earlier request with the same `Idempotency-Key`."""

    body_sha256: str
    """If it is another than now, the client uses one key for two requests."""
    voice_ids: tuple[VoiceId, ...]
    """What it made; empty while it is at work."""


class RequestKeys(Protocol):
    """Keeps `Idempotency-Key`s. A key of one workspace means nothing in another. What has expired is forgotten."""

    async def begin(self, workspace: WorkspaceId, mark: RequestMark, lifetime: timedelta) -> MarkedRequest | None:
        """None: the key is new, and taken from now on; of several at once one gets this. Otherwise the earlier
        request. lifetime: a request that never ended may be begun again after it. Raises: ServiceUnavailable."""

    async def renew(self, workspace: WorkspaceId, mark: RequestMark, lifetime: timedelta) -> None:
        """The request is still at work: for so long from now on. Raises: ServiceUnavailable."""

    async def finish(
        self, workspace: WorkspaceId, mark: RequestMark, voice_ids: Sequence[VoiceId], lifetime: timedelta
    ) -> None:
        """Remember what the request has made, for a lifetime from now on. Raises: ServiceUnavailable."""

    async def abandon(self, workspace: WorkspaceId, mark: RequestMark) -> None:
        """The request failed: its key is free again, unless a voice that it made is there, or the key is another
        request's by now. Raises: ServiceUnavailable."""


Tally = Mapping[str, float]
"""Some counts under one name."""
ChangeTally = Callable[[Tally], Tally]


class Tallies(Protocol):
    """Counts that all processes of a store share. Nothing is lost if they are, in a power cut say."""

    async def get(self, name: str) -> Tally:
        """Empty if there is none, or its lifetime is over. Raises: ServiceUnavailable."""

    async def change(self, name: str, change: ChangeTally, lifetime: timedelta) -> None:
        """`change` is called once, one caller after the other, with what is there, and gives what is there then;
        perhaps on another thread, but no more once this has ended. lifetime: from now on. Raises:
        ServiceUnavailable, and what `change` raises: then all stays as it was."""


class DictionaryStore(Protocol):
    """Keeps pronunciation dictionaries. Those of one workspace do not exist for another."""

    async def add(self, dictionary: PronunciationDictionary) -> None: ...

    async def get(self, workspace: WorkspaceId, dictionary_id: str) -> PronunciationDictionary:
        """Raises: ResourceNotFound."""

    async def list(self, workspace: WorkspaceId, after_id: str, limit: int) -> Sequence[PronunciationDictionary]:
        """Oldest first. after_id: the last one of the page before, which may be deleted; empty for the first page."""

    async def replace(self, dictionary: PronunciationDictionary, etag: str) -> None:
        """In the place of its id, if that still has this etag. Raises: ResourceNotFound, DictionaryChanged."""

    async def delete(self, workspace: WorkspaceId, dictionary_id: str, etag: str) -> None:
        """Raises: ResourceNotFound, DictionaryChanged."""
