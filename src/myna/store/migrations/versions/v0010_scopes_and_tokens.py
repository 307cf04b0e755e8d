"""Scopes of keys, what keys sign requests with, and tokens that are used up."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0010"
down_revision = "0008"

_READ = "listen speak tokens voices:read"


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("scopes", sa.String(255), nullable=False, server_default=""))
    op.add_column("api_keys", sa.Column("sealed_signing_secret", sa.String(255), nullable=True))
    keys = sa.table("api_keys", sa.column("scopes", sa.String), sa.column("can_write", sa.Boolean))
    op.execute(keys.update().values(scopes=_READ))
    op.execute(keys.update().where(keys.c.can_write).values(scopes=f"{_READ} voices:write"))
    op.drop_column("api_keys", "can_write")
    op.create_table(
        "spent_tokens",
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_spent_tokens")),
    )
    op.create_index(op.f("ix_spent_tokens_expires_at"), "spent_tokens", ["expires_at"])


def downgrade() -> None:
    """Refused while a key would come to open more than it does."""
    keys = sa.table("api_keys", sa.column("scopes", sa.String), sa.column("revoked_at", sa.DateTime))
    is_narrow = sa.not_(sa.and_(*(keys.c.scopes.contains(scope) for scope in _READ.split())))
    if op.get_bind().scalar(sa.select(sa.func.count()).where(is_narrow, keys.c.revoked_at.is_(None))):
        raise CommandError(
            "Some keys have fewer scopes than the older form knows. Revoke them first: `myna keys list`."
        )
    op.drop_index(op.f("ix_spent_tokens_expires_at"), "spent_tokens")
    op.drop_table("spent_tokens")
    op.add_column("api_keys", sa.Column("can_write", sa.Boolean(), nullable=False, server_default=sa.false()))
    keys = sa.table("api_keys", sa.column("scopes", sa.String), sa.column("can_write", sa.Boolean))
    op.execute(keys.update().where(keys.c.scopes.contains("voices:write")).values(can_write=sa.true()))
    op.drop_column("api_keys", "sealed_signing_secret")
    op.drop_column("api_keys", "scopes")
