"""Stock voices as the API shows them: the engine's own, in no caller's workspace."""

from dataclasses import dataclass
from datetime import UTC, datetime

from myna.domain.voice import SYSTEM_WORKSPACE, Voice, VoiceArtifact, VoiceId, VoiceSource
from myna.engines.base import EngineSpec

_STOCK_CREATED_AT = datetime(2026, 1, 1, tzinfo=UTC)
"""Stock voices have no birthday; a fixed one keeps listings stable."""


@dataclass(frozen=True, slots=True)
class StockVoices:
    """The voices that come with an engine, by id. Ids are case-sensitive (wire-contract.md#voice)."""

    voices: tuple[Voice, ...]
    artifacts: tuple[VoiceArtifact, ...]

    def find(self, voice_id: VoiceId) -> tuple[Voice, VoiceArtifact] | None:
        for voice, artifact in zip(self.voices, self.artifacts, strict=True):
            if voice.voice_id == voice_id:
                return voice, artifact
        return None


def read_stock_voices(spec: EngineSpec) -> StockVoices:
    entries = spec.stock_voices()
    return StockVoices(
        voices=tuple(
            Voice(
                voice_id=VoiceId(entry.name),
                workspace=SYSTEM_WORKSPACE,
                display_name=entry.name,
                lang=entry.lang,
                source=VoiceSource.SYSTEM,
                created_at=_STOCK_CREATED_AT,
                description=entry.description,
                gender=entry.gender,
                age_group=entry.age_group,
            )
            for entry in entries
        ),
        artifacts=tuple(VoiceArtifact(entry.artifact, spec.id, spec.version) for entry in entries),
    )
