"""The first tables: workspaces, keys, voices, samples, blobs without an owner."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "workspaces",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_workspaces"),
    )
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("workspace", sa.String(63), nullable=False),
        sa.Column("can_write", sa.Boolean(), nullable=False),
        sa.Column("prefix", sa.String(8), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(["workspace"], ["workspaces.name"], name="fk_api_keys_workspace"),
    )
    op.create_index("ix_api_keys_workspace", "api_keys", ["workspace"])
    op.create_table(
        "voices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace", sa.String(63), nullable=False),
        sa.Column("voice_id", sa.String(255), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("gender", sa.String(32), nullable=False),
        sa.Column("age_group", sa.String(32), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=True),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("refinement", sa.String(8), nullable=False),
        sa.Column("engine_id", sa.String(64), nullable=False),
        sa.Column("engine_version", sa.String(64), nullable=False),
        sa.Column("artifact_prefix", sa.String(32), nullable=False),
        sa.Column("artifact_sha256", sa.String(64), nullable=False),
        sa.Column("samples_prefix", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_voices"),
        sa.ForeignKeyConstraint(["workspace"], ["workspaces.name"], name="fk_voices_workspace"),
        sa.UniqueConstraint("workspace", "voice_id", name="uq_voices_workspace_voice_id"),
    )
    op.create_index("ix_voices_expires_at", "voices", ["expires_at"])
    op.create_table(
        "samples",
        sa.Column("voice_row_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("transcript", sa.Text(), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("voice_row_id", "position", name="pk_samples"),
        sa.ForeignKeyConstraint(["voice_row_id"], ["voices.id"], name="fk_samples_voice_row_id", ondelete="CASCADE"),
    )
    op.create_table(
        "pending_blobs",
        sa.Column("prefix", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name="pk_pending_blobs"),
    )


def downgrade() -> None:
    for table in ("pending_blobs", "samples", "voices", "api_keys", "workspaces"):
        op.drop_table(table)
