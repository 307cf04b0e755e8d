"""Pronunciation dictionaries of workspaces."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "pronunciation_dictionaries",
        sa.Column("workspace", sa.String(63), nullable=False),
        sa.Column("dictionary_id", sa.String(36), nullable=False),
        sa.Column("display_name", sa.String(64), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.Column("etag", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.name"], name=op.f("fk_pronunciation_dictionaries_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace", "dictionary_id", name=op.f("pk_pronunciation_dictionaries")),
    )


def downgrade() -> None:
    op.drop_table("pronunciation_dictionaries")
