"""What people say of a cause: a note, who looks after it, where; until when it alerts nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TABLE = "dead_letter_fingerprints"
_COLUMNS = (
    ("note", sa.Text),
    ("assigned", sa.String),
    ("link", sa.Text),
    ("snoozed_until", sa.Float),
    ("snoozed_left", sa.BigInteger),
)


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column(_TABLE, sa.Column(name, kind))


def downgrade() -> None:
    for name, _ in _COLUMNS:
        op.drop_column(_TABLE, name)
