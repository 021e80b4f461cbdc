"""Functions and servers that alert nobody until a time."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "dead_letter_silences",
        sa.Column("silence", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("glob", sa.Text, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("made_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
    )


def downgrade() -> None:
    op.drop_table("dead_letter_silences")
