"""When a key was rotated: its end is then no longer the one it was made with."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("rotated_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("api_keys", "rotated_at")
