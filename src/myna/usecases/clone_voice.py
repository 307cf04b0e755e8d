"""Clone a voice: from what a person uploaded to a voice that can speak."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from myna.audio.encode import encode_wav
from myna.domain.consent import Consent
from myna.domain.errors import InvalidRequest, VoiceAlreadyExists
from myna.domain.finding import Finding
from myna.domain.language import LangCode
from myna.domain.sample import AnalysedSample, SampleRequest
from myna.domain.voice import TrialMeasures, Voice, VoiceArtifact, VoiceId, VoiceSource, WorkspaceId, clone_voice_id
from myna.domain.waveform import ReferenceAudio
from myna.usecases.keep_noted import Note, keep_noted
from myna.usecases.ports import Clock, EngineClient, Offload, RequestMark, SampleAnalyst, StoredSample, VoiceStore
from myna.usecases.refine_voices import RefineVoices
from myna.usecases.try_voice import TryVoice

_MAX_ID_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class CloneVoiceCommand:
    workspace: WorkspaceId
    display_name: str
    samples: tuple[SampleRequest, ...]
    lang: LangCode | None
    """What the caller says the samples are in; None to detect."""
    description: str = ""
    tags: tuple[str, ...] = ()
    validate_only: bool = False
    """Answer what was heard, store nothing."""
    consent: Consent | None = None
    """Without `recordings` and times: these are what is kept, and now."""
    mark: RequestMark | None = None
    """Of a request that may be repeated: kept with the voice."""


@dataclass(frozen=True, slots=True)
class ValidatedSample:
    """What is told, and kept, of one uploaded sample."""

    heard: AnalysedSample
    wav: bytes
    """The processed sample, 24 kHz 16-bit mono WAV; empty if nothing usable was left."""
    recording_sha256: str
    """Of the recording as it was uploaded, hex."""

    def as_stored(self, lang: LangCode) -> StoredSample:
        """lang: of a sample of which it is not known."""
        heard = self.heard
        return StoredSample(self.wav, heard.transcript, heard.lang or lang, heard.rating, self.recording_sha256)

    def advised(self, findings: Sequence[Finding]) -> "ValidatedSample":
        """What is wrong with the voice is told with every sample that it could be made of."""
        heard = replace(self.heard, findings=(*self.heard.findings, *findings))
        return replace(self, heard=heard) if self.heard.is_usable else self


@dataclass(frozen=True, slots=True)
class CloneVoiceResult:
    voice: Voice | None
    """None if no sample was usable, or nothing was to be stored."""
    samples: tuple[ValidatedSample, ...]
    """One for each uploaded sample, in their order."""
    is_refining: bool = False
    """A better artifact will take this one's place in the background."""


@dataclass(frozen=True, slots=True)
class CloneVoice:
    """Derive a voice from samples and keep it. All of it is stored, or nothing."""

    voices: VoiceStore
    engine: EngineClient
    analyst: SampleAnalyst
    offload: Offload
    clock: Clock
    max_samples: int
    try_voice: TryVoice
    refine_voices: RefineVoices
    waits: bool
    """Answer when the voice has been heard and measured, not before."""

    async def __call__(self, command: CloneVoiceCommand, note: Note) -> CloneVoiceResult:
        """Raises: InvalidRequest, AudioUndecodable (naming the sample), Overloaded, EngineFailure."""
        begun_at = self.clock.now()
        samples = await self._validate_all(command)
        usable = [sample for sample in samples if sample.heard.is_usable]
        if command.validate_only or not usable:
            return CloneVoiceResult(None, samples)
        reference = await self._join([sample.heard for sample in usable])
        artifact = await self.engine.encode_voice(reference, by_ear=self.waits)
        measures = await self.try_voice(artifact, reference) if self.waits else TrialMeasures()
        voice = await self._store(command, begun_at, reference.lang, artifact, measures, samples, note)
        self.refine_voices.begin()
        advised = tuple(sample.advised(voice.measures.findings) for sample in samples)
        return CloneVoiceResult(voice, advised, self.refine_voices.will_improve(voice))

    async def recall(self, command: CloneVoiceCommand, voice_id: VoiceId) -> CloneVoiceResult:
        """Answer again a command that made this voice, as it is now. Raises: as above, VoiceNotFound."""
        voice = await self.voices.get(command.workspace, voice_id)
        samples = await self._validate_all(command)
        return CloneVoiceResult(voice, samples, self.refine_voices.will_improve(voice))

    async def _validate_all(self, command: CloneVoiceCommand) -> tuple[ValidatedSample, ...]:
        self._check(command)
        return tuple([await self._validate(index, sample) for index, sample in enumerate(command.samples)])

    def _check(self, command: CloneVoiceCommand) -> None:
        if len(command.samples) > self.max_samples:
            raise InvalidRequest(
                f"voiceSamples has {len(command.samples)} entries; at most {self.max_samples} are taken."
            )
        for index, sample in enumerate(command.samples):
            if not sample.content:
                raise InvalidRequest(f"voiceSamples[{index}].audioData is required. Send the recording in base64.")
        if not command.display_name.strip():
            raise InvalidRequest("displayName is required. Give the voice a short name that people will recognise.")
        if not command.samples:
            raise InvalidRequest("voiceSamples is required. Send at least one sample of 3 to 15 seconds.")

    async def _validate(self, index: int, sample: SampleRequest) -> ValidatedSample:
        try:
            return await self.offload(partial(self._hear, sample))
        except InvalidRequest as exc:
            raise type(exc)(f"voiceSamples[{index}].audioData: {exc.message}") from exc

    def _hear(self, sample: SampleRequest) -> ValidatedSample:
        heard = self.analyst.analyse(sample)
        wav = encode_wav(heard.processed) if heard.processed is not None else b""
        return ValidatedSample(heard, wav, hashlib.sha256(sample.content).hexdigest())

    async def _join(self, usable: Sequence[AnalysedSample]) -> ReferenceAudio:
        capabilities = self.engine.spec.capabilities
        max_s = capabilities.reference_seconds[1]
        return await self.offload(lambda: self.analyst.join(usable, capabilities.reference_rate_hz, max_s))

    async def _store(  # noqa: PLR0917  (each of them is stored)
        self,
        command: CloneVoiceCommand,
        now: datetime,
        lang: LangCode,
        artifact: VoiceArtifact,
        measures: TrialMeasures,
        samples: Sequence[ValidatedSample],
        note: Note,
    ) -> Voice:
        kept = [sample.as_stored(lang) for sample in samples if sample.heard.is_usable]
        recordings = [sample.recording_sha256 for sample in samples]
        consent = command.consent
        if consent is not None:
            consent = replace(consent, recordings=tuple(sample.digest for sample in kept), given_at=now)
        voice = self.refine_voices.mark(
            Voice(
                voice_id=clone_voice_id(command.workspace, command.display_name, now),
                workspace=command.workspace,
                display_name=command.display_name,
                lang=command.lang or lang,
                source=VoiceSource.IVC,
                created_at=now,
                description=command.description,
                tags=command.tags,
                consent=consent,
                measures=measures,
            ),
            is_heard=self.waits,
        )
        for attempt in range(_MAX_ID_ATTEMPTS):
            candidate = replace(voice, voice_id=clone_voice_id(command.workspace, command.display_name, now, attempt))
            try:
                await keep_noted(self.voices, candidate, artifact, kept, note, recordings=recordings, mark=command.mark)
            except VoiceAlreadyExists:
                continue
            return candidate
        raise VoiceAlreadyExists("Too many voices of this name were made in this second. Choose another displayName.")
