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
from myna.domain.sample import AnalysedSample, SampleQuality, SampleRequest
from myna.domain.voice import TrialMeasures, Voice, VoiceArtifact, VoiceId, VoiceSource, WorkspaceId, clone_voice_id
from myna.domain.waveform import ReferenceAudio
from myna.usecases.ports import Clock, EngineClient, Offload, SampleAnalyst, StoredSample, VoiceStore
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


@dataclass(frozen=True, slots=True)
class ValidatedSample:
    """What is told about one uploaded sample."""

    wav: bytes
    """The processed sample, 24 kHz 16-bit mono WAV; empty if nothing usable was left."""
    lang: LangCode | None
    transcript: str
    findings: tuple[Finding, ...]
    quality: SampleQuality | None
    recording_sha256: str
    """Of the recording as it was uploaded, hex."""


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

    async def __call__(self, command: CloneVoiceCommand) -> CloneVoiceResult:
        """Raises: InvalidRequest, AudioUndecodable (naming the sample), Overloaded, EngineFailure."""
        self._check(command)
        begun_at = self.clock.now()
        analysed = [await self._analyse(index, sample) for index, sample in enumerate(command.samples)]
        validated = tuple(
            [
                await self.offload(partial(self._describe, sample, request.content))
                for sample, request in zip(analysed, command.samples, strict=True)
            ]
        )
        usable = [sample for sample in analysed if sample.is_usable]
        if command.validate_only or not usable:
            return CloneVoiceResult(None, validated)
        reference = await self._join(usable)
        artifact = await self.engine.encode_voice(reference, by_ear=self.waits)
        measures = await self.try_voice(artifact, reference) if self.waits else TrialMeasures()
        voice = await self._store(command, begun_at, reference.lang, artifact, measures, analysed, validated)
        self.refine_voices.begin()
        advised = self._advise(validated, analysed, voice)
        return CloneVoiceResult(voice, advised, self.refine_voices.will_improve(voice))

    async def recall(self, command: CloneVoiceCommand, voice_id: VoiceId) -> CloneVoiceResult:
        """Answer again a command that made this voice, as it is now. Raises: as above, VoiceNotFound."""
        voice = await self.voices.get(command.workspace, voice_id)
        heard = await self(replace(command, validate_only=True))
        return CloneVoiceResult(voice, heard.samples, self.refine_voices.will_improve(voice))

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

    async def _analyse(self, index: int, sample: SampleRequest) -> AnalysedSample:
        try:
            return await self.offload(lambda: self.analyst.analyse(sample))
        except InvalidRequest as exc:
            raise type(exc)(f"voiceSamples[{index}].audioData: {exc.message}") from exc

    def _describe(self, sample: AnalysedSample, content: bytes) -> ValidatedSample:
        wav = encode_wav(sample.processed) if sample.processed is not None else b""
        digest = hashlib.sha256(content).hexdigest()
        return ValidatedSample(wav, sample.lang, sample.transcript, sample.findings, sample.quality, digest)

    async def _join(self, usable: Sequence[AnalysedSample]) -> ReferenceAudio:
        capabilities = self.engine.spec.capabilities
        max_s = capabilities.reference_seconds[1]
        return await self.offload(lambda: self.analyst.join(usable, capabilities.reference_rate_hz, max_s))

    def _advise(
        self, validated: Sequence[ValidatedSample], analysed: Sequence[AnalysedSample], voice: Voice
    ) -> tuple[ValidatedSample, ...]:
        """What is wrong with the voice is told with every sample that it could be made of."""
        return tuple(
            replace(entry, findings=(*entry.findings, *voice.measures.findings)) if sample.is_usable else entry
            for entry, sample in zip(validated, analysed, strict=True)
        )

    async def _store(  # noqa: PLR0917  (each of them is stored)
        self,
        command: CloneVoiceCommand,
        now: datetime,
        lang: LangCode,
        artifact: VoiceArtifact,
        measures: TrialMeasures,
        analysed: Sequence[AnalysedSample],
        validated: Sequence[ValidatedSample],
    ) -> Voice:
        kept = [
            StoredSample(entry.wav, sample.transcript, sample.lang or lang, sample.rating, entry.recording_sha256)
            for entry, sample in zip(validated, analysed, strict=True)
            if sample.is_usable
        ]
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
                await self.voices.add(command.workspace, candidate, artifact, kept)
            except VoiceAlreadyExists:
                continue
            return candidate
        raise VoiceAlreadyExists("Too many voices of this name were made in this second. Choose another displayName.")
