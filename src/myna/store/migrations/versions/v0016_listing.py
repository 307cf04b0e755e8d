"""Voices are sorted and paged by the database: the name without case, and an index in the order of the list."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_VOICES = sa.table(
    "voices", sa.column("id", sa.Integer), sa.column("display_name", sa.Text), sa.column("sort_name", sa.Text)
)


def upgrade() -> None:
    # With a default, so that processes of the version before can go on until they are replaced;
    # `SqlVoiceStore.recover` mends what they leave in it.
    op.add_column("voices", sa.Column("sort_name", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    for number, name in connection.execute(sa.select(_VOICES.c.id, _VOICES.c.display_name)).all():
        connection.execute(_VOICES.update().where(_VOICES.c.id == number).values(sort_name=name.casefold()))
    op.create_index("ix_voices_listed", "voices", ["workspace", "is_draft", "created_at", "voice_id"])


def downgrade() -> None:
    op.drop_index("ix_voices_listed", "voices")
    op.drop_column("voices", "sort_name")
