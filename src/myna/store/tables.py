"""The tables, as SQLAlchemy sees them. Rows stay inside `myna.store`; what leaves is a domain value.

A change here needs a migration in `store/migrations/versions`; a test compares the two.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    MetaData,
    Row,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, validates
from sqlalchemy.types import TypeDecorator

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


AnyRow = Row[*tuple[Any, ...]]
"""Columns without an object."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: always with the UTC zone in Python, always naive UTC in the database (SQLite keeps no zone)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMING)


class WorkspaceRow(Base):
    """A tenant; exists from its first key or voice on."""

    __tablename__ = "workspaces"

    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKeyRow(Base):
    """A key: the digest of its secret, never the secret."""

    __tablename__ = "api_keys"

    key_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspaces.name"), index=True)
    scopes: Mapped[str] = mapped_column(String(255))
    """`domain/scope.py`, with spaces between."""
    prefix: Mapped[str] = mapped_column(String(8))
    secret_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rotated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """From then on `expires_at` is the end of the overlap."""
    last_used_on: Mapped[date | None]
    """In UTC. A day and no more: a table of keys is no record of who works when."""
    sealed_signing_secret: Mapped[str | None] = mapped_column(String(255))
    """A digest of the secret by which signed requests are checked, sealed: who reads the database cannot sign."""


class SpentTokenRow(Base):
    """A one-time token or a signed request that was used; forgotten when it expires."""

    __tablename__ = "spent_tokens"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SampleRow(Base):
    """One validated sample of a voice; its WAV is the blob `sample-<position>.wav` under the voice's samples prefix."""

    __tablename__ = "samples"

    voice_row_id: Mapped[int] = mapped_column(ForeignKey("voices.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    transcript: Mapped[str] = mapped_column(Text)
    lang: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str] = mapped_column(String(64))
    rating: Mapped[float | None] = mapped_column(Double)
    """None for samples that were kept before ratings were."""
    recording_sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the recording as it was sent; None for samples that were kept before this was."""


class VoiceRow(Base):
    """A voice; the row exists only while all of its blobs do."""

    __tablename__ = "voices"
    __table_args__ = (
        UniqueConstraint("workspace", "voice_id"),
        Index("ix_voices_expires_at", "expires_at"),
        # The order in which they are listed.
        Index("ix_voices_listed", "workspace", "is_draft", "created_at", "voice_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspaces.name"))
    voice_id: Mapped[str] = mapped_column(String(255))
    display_name: Mapped[str] = mapped_column(Text)
    sort_name: Mapped[str] = mapped_column(Text, server_default="")
    """`display_name` without case, by which voices are sorted: databases fold case each in their own way."""
    lang: Mapped[str] = mapped_column(String(8))
    source: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    description: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(JSON)
    gender: Mapped[str] = mapped_column(String(32))
    age_group: Mapped[str] = mapped_column(String(32))
    is_draft: Mapped[bool]
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    consent: Mapped[str] = mapped_column(Text)
    """`Consent` as JSON; empty for None."""
    refinement: Mapped[str] = mapped_column(String(8), index=True)
    similarity: Mapped[float | None] = mapped_column(Double)
    clarity: Mapped[float | None] = mapped_column(Double)
    """Both None until they are measured, and for voices from before they were kept."""
    design_prompt: Mapped[str | None] = mapped_column(Text)
    design_seed: Mapped[int | None] = mapped_column(BigInteger)
    """Both None for a voice that was not designed, or was before they were kept."""
    engine_id: Mapped[str] = mapped_column(String(64))
    engine_version: Mapped[str] = mapped_column(String(64))
    artifact_prefix: Mapped[str] = mapped_column(String(32))
    artifact_sha256: Mapped[str] = mapped_column(String(64))
    samples_prefix: Mapped[str | None] = mapped_column(String(32))
    claimed_by: Mapped[str | None] = mapped_column(String(32))
    """The store of the process that is at work on its refinement."""
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    samples: Mapped[list[SampleRow]] = relationship(
        order_by=SampleRow.position, cascade="all, delete-orphan", passive_deletes=True, lazy="raise"
    )

    @validates("display_name")
    def _keep_sort_name(self, _name: str, display_name: str) -> str:
        self.sort_name = display_name.casefold()
        return display_name


class RevocationRow(Base):
    """A consent that was revoked. Stays when its voice is deleted, and so holds no names and points at no row."""

    __tablename__ = "revocations"

    workspace: Mapped[str] = mapped_column(String(63), primary_key=True)
    voice_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    revoked_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    given_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wording_version: Mapped[str] = mapped_column(String(64))
    recordings: Mapped[str] = mapped_column(Text)
    """Their SHA-256 in hex, with spaces between."""


class DictionaryRow(Base):
    """A pronunciation dictionary."""

    __tablename__ = "pronunciation_dictionaries"

    workspace: Mapped[str] = mapped_column(ForeignKey("workspaces.name"), primary_key=True)
    dictionary_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(64))
    entries: Mapped[str] = mapped_column(Text)
    """JSON: `[[word, language, [phone, ...]], ...]`."""
    etag: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PendingBlobsRow(Base):
    """Blobs under a prefix that no voice owns: not yet, or no longer. What is listed here may be removed."""

    __tablename__ = "pending_blobs"

    prefix: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(32))
    """Which running store wrote it (`store/owners.py`)."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RequestKeyRow(Base):
    """A request that its client marked with a key, so that it may be repeated; forgotten when it expires."""

    __tablename__ = "request_keys"

    workspace: Mapped[str] = mapped_column(String(63), primary_key=True)
    key_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    """The client's key may be of any length and characters."""
    body_sha256: Mapped[str] = mapped_column(String(64))
    voice_ids: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """What it made; None while it is at work."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class TallyRow(Base):
    """Counts that processes share (`store/tallies.py`)."""

    __tablename__ = "tallies"

    name_hmac: Mapped[str] = mapped_column(String(64), primary_key=True)
    counts: Mapped[dict[str, float]] = mapped_column(JSON)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class JobRow(Base):
    """Speech, or words, to be made later; its items are rows of their own."""

    __tablename__ = "jobs"

    job_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    workspace: Mapped[str] = mapped_column(String(63), index=True)
    is_batch: Mapped[bool]
    key_id: Mapped[str] = mapped_column(String(32))
    request_id: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """None while an item of it is pending."""
    is_heard: Mapped[bool] = mapped_column(server_default=false())


_IS_PENDING = text("message IS NOT NULL")


class JobItemRow(Base):
    """One text or recording of a job. Pending while `message` is there; then a failure, or a result in a blob."""

    __tablename__ = "job_items"
    __table_args__ = (
        Index("ix_job_items_blob_prefix", "blob_prefix"),
        # What is pending, among many that are done.
        Index("ix_job_items_pending", "position", sqlite_where=_IS_PENDING, postgresql_where=_IS_PENDING),
    )

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    custom_id: Mapped[str] = mapped_column(Text)
    voice_id: Mapped[str] = mapped_column(Text)
    message: Mapped[str | None] = mapped_column(Text)
    """The request with its text; None from the moment on in which the item is done."""
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    num_attempts: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(64))
    has_timestamps: Mapped[bool]
    failure: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    blob_prefix: Mapped[str | None] = mapped_column(String(32))
    """Of the recording while the item is pending, of what came of it then."""
