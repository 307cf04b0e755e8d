"""What a voice looks like as rows and as names of blobs, and how it becomes a domain value again."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row

from myna.domain.consent import Consent, Revocation, digest_voice_id
from myna.domain.language import LangCode
from myna.domain.voice import (
    Refinement,
    TrialMeasures,
    Voice,
    VoiceArtifact,
    VoiceDesign,
    VoiceId,
    VoiceSource,
    WorkspaceId,
)
from myna.store.blobs import BlobPrefix
from myna.store.tables import RevocationRow, SampleRow, VoiceRow
from myna.usecases.ports import StoredSample, VoiceChange

_CONSENTS = TypeAdapter(Consent)

ARTIFACT = "artifact"
"""Name of the artifact under its prefix."""


def digests(row: VoiceRow) -> dict[BlobPrefix, dict[str, str]]:
    """Every blob of a voice, whose samples are loaded: SHA-256 in hex by prefix and name."""
    found = {BlobPrefix(row.artifact_prefix): {ARTIFACT: row.artifact_sha256}}
    if row.samples_prefix is not None:
        found[BlobPrefix(row.samples_prefix)] = {sample_name(s.position): s.sha256 for s in row.samples}
    return found


def sample_name(position: int) -> str:
    return f"sample-{position}.wav"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def apply_change(row: VoiceRow, change: VoiceChange) -> None:
    for name, value in asdict(change).items():
        if value is not None:
            setattr(row, name, list(value) if name == "tags" else value)


def to_row(
    workspace: WorkspaceId,
    voice: Voice,
    artifact: VoiceArtifact,
    samples: Sequence[StoredSample],
    prefixes: Sequence[BlobPrefix],
) -> VoiceRow:
    return VoiceRow(
        workspace=workspace,
        voice_id=voice.voice_id,
        display_name=voice.display_name,
        lang=voice.lang.value,
        source=voice.source.value,
        created_at=voice.created_at,
        description=voice.description,
        tags=list(voice.tags),
        gender=voice.gender,
        age_group=voice.age_group,
        is_draft=voice.is_draft,
        expires_at=voice.expires_at,
        consent=to_consent_text(voice.consent),
        refinement=voice.refinement,
        similarity=voice.measures.similarity,
        clarity=voice.measures.clarity,
        design_prompt=voice.design.prompt if voice.design is not None else None,
        design_seed=voice.design.seed if voice.design is not None else None,
        engine_id=artifact.engine_id,
        engine_version=artifact.engine_version,
        artifact_prefix=prefixes[0],
        artifact_sha256=artifact.digest,
        samples_prefix=prefixes[1] if samples else None,
        samples=[
            SampleRow(
                position=position,
                transcript=sample.transcript,
                lang=sample.lang.value,
                sha256=sha256(sample.wav),
                rating=sample.rating,
                recording_sha256=sample.recording_sha256,
            )
            for position, sample in enumerate(samples)
        ],
    )


VOICE_COLUMNS = tuple(
    VoiceRow.__table__.columns[name]
    for name in (
        *("voice_id", "workspace", "display_name", "lang", "source", "created_at", "description", "tags", "gender"),
        *("age_group", "is_draft", "expires_at", "consent", "refinement", "similarity", "clarity", "design_prompt"),
        "design_seed",
    )
)
"""What `to_voice` reads. Plain rows of them: objects that the session watches take three times as long to make."""


def to_voice(row: VoiceRow | Row[Any]) -> Voice:
    """row: also of `VOICE_COLUMNS`, without an object."""
    return Voice(
        voice_id=VoiceId(row.voice_id),
        workspace=WorkspaceId(row.workspace),
        display_name=row.display_name,
        lang=LangCode(row.lang),
        source=VoiceSource(row.source),
        created_at=row.created_at,
        description=row.description,
        tags=tuple(row.tags),
        gender=row.gender,
        age_group=row.age_group,
        is_draft=row.is_draft,
        expires_at=row.expires_at,
        consent=_CONSENTS.validate_json(row.consent) if row.consent else None,
        refinement=Refinement(row.refinement),
        measures=TrialMeasures(row.similarity, row.clarity),
        design=_to_design(row),
    )


def to_consent_text(consent: Consent | None) -> str:
    """As a row holds it."""
    return _CONSENTS.dump_json(consent).decode() if consent is not None else ""


def to_revocation_row(
    workspace: WorkspaceId, voice_id: VoiceId, consent: Consent, revoked_at: datetime
) -> RevocationRow:
    return RevocationRow(
        workspace=workspace,
        voice_sha256=digest_voice_id(voice_id),
        revoked_at=revoked_at,
        given_at=consent.given_at,
        wording_version=consent.wording_version,
        recordings=" ".join(consent.recordings),
    )


def to_revocation(row: RevocationRow) -> Revocation:
    recordings = tuple(row.recordings.split())
    return Revocation(row.voice_sha256, recordings, row.wording_version, row.given_at, row.revoked_at)


def _to_design(row: VoiceRow | Row[Any]) -> VoiceDesign | None:
    if row.design_prompt is None or row.design_seed is None:
        return None
    return VoiceDesign(row.design_prompt, row.design_seed)
