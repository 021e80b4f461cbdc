"""Alembic's migrations of a store; `gearmang.dead_letters.store.migrating` runs them."""
