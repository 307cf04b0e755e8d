"""Consents as records bound to recordings, what stays of those that were revoked, and the digest of what was sent."""

import json

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0008"
down_revision = "0007"

_VOICES = sa.table(
    "voices", sa.column("id", sa.Integer), sa.column("consent", sa.Text), sa.column("created_at", sa.DateTime)
)
_SAMPLES = sa.table(
    "samples", sa.column("voice_row_id", sa.Integer), sa.column("position", sa.Integer), sa.column("sha256", sa.String)
)


def upgrade() -> None:
    op.add_column("samples", sa.Column("recording_sha256", sa.String(64), nullable=True))
    op.create_table(
        "revocations",
        sa.Column("workspace", sa.String(63), nullable=False),
        sa.Column("voice_sha256", sa.String(64), nullable=False),
        sa.Column("revoked_at", sa.DateTime(), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=True),
        sa.Column("wording_version", sa.String(64), nullable=False),
        sa.Column("recordings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "voice_sha256", "revoked_at", name="pk_revocations"),
    )
    connection = op.get_bind()
    query = sa.select(_VOICES.c.id, _VOICES.c.consent, _VOICES.c.created_at).where(_VOICES.c.consent != "")
    for number, statement, created_at in connection.execute(query).all():
        digests = sa.select(_SAMPLES.c.sha256).where(_SAMPLES.c.voice_row_id == number).order_by(_SAMPLES.c.position)
        consent = {
            "statement": statement,
            "recordings": list(connection.scalars(digests)),
            "given_at": f"{created_at.isoformat()}Z",
        }
        _write(number, json.dumps(consent, ensure_ascii=False))


def downgrade() -> None:
    """Of a consent only the statement stays. Refused while a revocation would be forgotten: its voice would speak."""
    revocations = sa.select(sa.func.count()).select_from(sa.table("revocations"))
    if op.get_bind().scalar(revocations):
        raise CommandError("Consents were revoked here, which the older form cannot say. Stay, or empty `revocations`.")
    query = sa.select(_VOICES.c.id, _VOICES.c.consent).where(_VOICES.c.consent != "")
    for number, consent in op.get_bind().execute(query).all():
        _write(number, json.loads(consent)["statement"])
    op.drop_table("revocations")
    op.drop_column("samples", "recording_sha256")


def _write(number: int, consent: str) -> None:
    op.get_bind().execute(_VOICES.update().where(_VOICES.c.id == number).values(consent=consent))
