"""Run by Alembic on the connection that `myna.store.database` hands over; never imported."""

from alembic import context

from myna.store.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
