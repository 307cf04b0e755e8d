"""Keys by which a client marks a request that it may repeat (`Idempotency-Key`), and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "request_keys",
        sa.Column("workspace", sa.String(63), nullable=False),
        sa.Column("key_sha256", sa.String(64), nullable=False),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("voice_id", sa.String(255), nullable=True),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "key_sha256", name="pk_request_keys"),
    )
    op.create_index("ix_request_keys_expires_at", "request_keys", ["expires_at"])


def downgrade() -> None:
    op.drop_table("request_keys")
