"""What letters may hold, in bits, so that a text is looked for in few of them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "dead_letter_signatures",
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("segment", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("bits", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "dead_letter_unsigned",
        sa.Column(
            "id",
            sa.BigInteger,
            sa.ForeignKey("dead_letters.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
    )
    op.execute("INSERT INTO dead_letter_unsigned (id) SELECT id FROM dead_letters")


def downgrade() -> None:
    op.drop_table("dead_letter_unsigned")
    op.drop_table("dead_letter_signatures")
