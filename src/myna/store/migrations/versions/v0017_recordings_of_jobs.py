"""Jobs that write down a recording.

Processes of the version before take a job with a recording for one with a text, and fail it: all of them must have
ended before the first recording is sent to `transcribe:async`.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_JOBS = sa.table("jobs", sa.column("job_id", sa.String), sa.column("is_heard", sa.Boolean))
_ITEMS = sa.table("job_items", sa.column("job_id", sa.String), sa.column("blob_prefix", sa.String))
_PENDING = sa.table(
    "pending_blobs",
    sa.column("prefix", sa.String),
    sa.column("owner", sa.String),
    sa.column("created_at", sa.DateTime),
)
_NOBODY = "0" * 32


def upgrade() -> None:
    op.add_column("jobs", sa.Column("is_heard", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Jobs with recordings go, done or not: they would be taken for texts. House-keeping removes their blobs."""
    connection = op.get_bind()
    are_theirs = _ITEMS.c.job_id.in_(sa.select(_JOBS.c.job_id).where(_JOBS.c.is_heard))
    prefixes = connection.scalars(sa.select(_ITEMS.c.blob_prefix).where(are_theirs, _ITEMS.c.blob_prefix.is_not(None)))
    now = datetime.now(UTC).replace(tzinfo=None)
    for prefix in prefixes.all():
        connection.execute(_PENDING.insert().values(prefix=prefix, owner=_NOBODY, created_at=now))
    connection.execute(_ITEMS.delete().where(are_theirs))
    connection.execute(_JOBS.delete().where(_JOBS.c.is_heard))
    op.drop_column("jobs", "is_heard")
