"""What a plan changes in payloads, how fast it may be carried out, and who holds it up."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_TABLE = "dead_letter_plans"
_COLUMNS = (("change", sa.Text), ("rate", sa.Float), ("paused_by", sa.String))


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column(_TABLE, sa.Column(name, kind))


def downgrade() -> None:
    for name, _ in _COLUMNS:
        op.drop_column(_TABLE, name)
