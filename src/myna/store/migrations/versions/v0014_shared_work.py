"""What several processes of one store share: counts, and who is at work on which voice."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("name_hmac", sa.String(64), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name_hmac", name="pk_tallies"),
    )
    op.create_index("ix_tallies_expires_at", "tallies", ["expires_at"])
    op.add_column("voices", sa.Column("claimed_by", sa.String(32), nullable=True))
    op.add_column("voices", sa.Column("claimed_until", sa.DateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("voices", "claimed_until")
    op.drop_column("voices", "claimed_by")
    op.drop_table("tallies")
