"""The reference of a voice, put together again from what is kept of its samples."""

from collections.abc import Sequence
from dataclasses import dataclass

from myna.audio.stored_wav import decode_stored_wav
from myna.domain.sample import AnalysedSample
from myna.domain.voice import VoiceId, WorkspaceId
from myna.domain.waveform import ReferenceAudio
from myna.usecases.ports import EngineClient, Offload, SampleAnalyst, StoredSample, VoiceStore


@dataclass(frozen=True, slots=True)
class RebuildReference:
    """What the clone heard, to within the 16 bits of a stored sample."""

    voices: VoiceStore
    engine: EngineClient
    analyst: SampleAnalyst
    offload: Offload

    async def __call__(self, workspace: WorkspaceId, voice_id: VoiceId) -> ReferenceAudio | None:
        """None for a voice that comes from no recording. Raises: VoiceNotFound, ServiceUnavailable, Overloaded."""
        samples = await self.voices.get_samples(workspace, voice_id)
        return await self.offload(lambda: self._join(samples)) if samples else None

    def _join(self, samples: Sequence[StoredSample]) -> ReferenceAudio:
        capabilities = self.engine.spec.capabilities
        heard = [self._as_heard(sample) for sample in samples]
        return self.analyst.join(heard, capabilities.reference_rate_hz, capabilities.reference_seconds[1])

    def _as_heard(self, sample: StoredSample) -> AnalysedSample:
        # Without ratings all are equal and the order of the upload decides.
        rating = sample.rating if sample.rating is not None else 0.0
        return AnalysedSample((), decode_stored_wav(sample.wav), sample.transcript, sample.lang, None, rating)
