"""A marked request may make several voices (drafts); what was marked before is forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("DELETE FROM request_keys")
    op.drop_column("request_keys", "voice_id")
    op.add_column("request_keys", sa.Column("voice_ids", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM request_keys")
    op.drop_column("request_keys", "voice_ids")
    op.add_column("request_keys", sa.Column("voice_id", sa.String(255), nullable=True))
