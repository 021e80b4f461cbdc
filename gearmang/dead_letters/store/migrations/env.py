"""Alembic runs this file; the connection is the one that `migrate` hands over."""

from alembic import context

from gearmang.dead_letters.store.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
