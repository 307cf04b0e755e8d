"""What is pending is found among many voices that are done."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index("ix_voices_refinement", "voices", ["refinement"])


def downgrade() -> None:
    op.drop_index("ix_voices_refinement", "voices")
