"""Bring a store's tables to what this version needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from gearmang.dead_letters.store.errors import StoreError
from gearmang.dead_letters.store.seam import Store
from gearmang.dead_letters.store.tables import REVISION


def migrate(store: Store) -> tuple[str | None, str]:
    """Run the migrations that are missing, in one transaction.

    Two processes may do it at once: the second waits and finds nothing to do.

    Returns:
        The revision before (None for an empty store) and after.

    Raises:
        StoreError: the store is newer than this version of gearmang, or cannot be written.
    """
    store.make()
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with store.writing(checked=False) as connection:
        store.lock_for_migration(connection)
        before = store.revision(connection)
        if before != REVISION:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise StoreError(
                    f"the store {store} cannot be migrated from revision {before}: {error}; "
                    "is it of a newer gearmang?"
                ) from error
    return before, REVISION
