"""Large payloads and dossiers are compressed from here on; what is there is read as it is.

Nothing changes for SQLite but the number, which keeps older versions from reading what they could
not understand. PostgreSQL is told not to try to compress the same once more.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

_COLUMNS = (
    ("dead_letter_bodies", "payload"),
    ("dead_letter_bodies", "history"),
    ("dead_letter_events", "payload"),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _COLUMNS:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")


def downgrade() -> None:
    raise NotImplementedError("an older version could not read what is compressed; export first")
