"""How well a voice can be made of each sample, as it was heard: the order in which a reference is put together."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("samples", sa.Column("rating", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("samples", "rating")
