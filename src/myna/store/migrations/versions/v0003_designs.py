"""What a designed voice was made of, so that another engine can design it again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("voices", sa.Column("design_prompt", sa.Text(), nullable=True))
    op.add_column("voices", sa.Column("design_seed", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("voices", "design_seed")
    op.drop_column("voices", "design_prompt")
