"""Alembic's entry: one synchronous connection, handed over by `hotline.migrations.runner`."""

from __future__ import annotations

from alembic import context

from hotline.migrations.env_filter import ours
from hotline.migrations.rooms import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=ours,
    compare_server_default=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
