"""What a voice looks like as rows and as names of blobs, and how it becomes a domain value again."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from pydantic import TypeAdapter

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
from myna.store.tables import AnyRow, RevocationRow, SampleRow, VoiceRow
from myna.usecases.ports import StoredSample, VoiceChange

_CONSENTS = TypeAdapter(Consent)
_KINDS = {"lang": LangCode, "source": VoiceSource, "refinement": Refinement}
_ALIKE = (
    *("voice_id", "display_name", "created_at", "description", "gender", "age_group", "is_draft", "expires_at"),
    *_KINDS,
)
"""Fields of a voice that are columns of the same name."""
_OTHER = ("workspace", "tags", "consent", "similarity", "clarity", "design_prompt", "design_seed")
VOICE_COLUMNS = tuple(VoiceRow.__table__.columns[name] for name in (*_ALIKE, *_OTHER))
"""What `to_voice` reads. Plain rows of them: objects that the session watches take three times as long to make."""
ARTIFACT_COLUMNS = VoiceRow.artifact_prefix, VoiceRow.artifact_sha256, VoiceRow.engine_id, VoiceRow.engine_version

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
        **{name: getattr(voice, name) for name in _ALIKE},
        workspace=workspace,
        tags=list(voice.tags),
        consent=to_consent_text(voice.consent),
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
                lang=sample.lang,
                sha256=sha256(sample.wav),
                rating=sample.rating,
                recording_sha256=sample.recording_sha256,
            )
            for position, sample in enumerate(samples)
        ],
    )


def to_voice(row: VoiceRow | AnyRow) -> Voice:
    """row: also of `VOICE_COLUMNS`, without an object."""
    given = {name: getattr(row, name) for name in _ALIKE}
    prompt, seed = row.design_prompt, row.design_seed
    return Voice(
        **given | {name: kind(given[name]) for name, kind in _KINDS.items()},
        workspace=WorkspaceId(row.workspace),
        tags=tuple(row.tags),
        consent=_CONSENTS.validate_json(row.consent) if row.consent else None,
        measures=TrialMeasures(row.similarity, row.clarity),
        design=VoiceDesign(prompt, seed) if prompt is not None and seed is not None else None,
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
