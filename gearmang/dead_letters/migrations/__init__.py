"""Alembic's migrations of a store; `gearmang.dead_letters.migrate` runs them."""
