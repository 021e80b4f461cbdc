"""The first tables. What they hold is told in `gearmang.dead_letters.store.tables`."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_STATES = ("dead", "requeuing", "requeued", "removed", "resolved", "recalling")


def upgrade() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("death_id", _ID, nullable=False, unique=True),
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("function", sa.String, nullable=False),
        sa.Column("server", sa.String),
        sa.Column("error_type", sa.String, nullable=False),
        sa.Column("error_message", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("worker", sa.String),
        sa.Column("revision", sa.String),
        sa.Column("payload_bytes", sa.BigInteger, nullable=False),
        sa.Column("enqueued_at", sa.Float),
        sa.Column("died_at", sa.Float, nullable=False),
        sa.Column("stored_at", sa.Float, nullable=False),
        sa.Column("plan", sa.String),
    )
    op.create_index("dead_letters_by_state", "dead_letters", ["state", "id"])
    op.create_index("dead_letters_by_fingerprint", "dead_letters", ["fingerprint", "state", "id"])
    op.create_table(
        "dead_letter_bodies",
        sa.Column(
            "id",
            sa.BigInteger,
            sa.ForeignKey("dead_letters.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("history", sa.LargeBinary, nullable=False),
        sa.Column("odd_function", sa.LargeBinary),
    )
    op.create_table(
        "dead_letter_fingerprints",
        sa.Column("fingerprint", sa.String, primary_key=True),
        sa.Column("function", sa.String, nullable=False),
        sa.Column("error_type", sa.String, nullable=False),
        sa.Column("error_message", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("revision", sa.String),
        sa.Column("resolved_at", sa.Float),
        sa.Column("first_seen", sa.Float, nullable=False),
        sa.Column("last_seen", sa.Float, nullable=False),
        sa.Column("notified_at", sa.Float),
        *(sa.Column(state, sa.BigInteger, nullable=False, server_default="0") for state in _STATES),
    )
    op.create_index(
        "dead_letter_fingerprints_by_first_seen", "dead_letter_fingerprints", ["first_seen"]
    )
    op.create_table(
        "dead_letter_arrivals",
        sa.Column("minute", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.String, primary_key=True),
        sa.Column("arrived", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "dead_letter_arrivals_by_fingerprint", "dead_letter_arrivals", ["fingerprint", "minute"]
    )
    op.create_table(
        "dead_letter_plans",
        sa.Column("plan", _ID, primary_key=True),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("chosen_by", sa.Text, nullable=False),
        sa.Column("made_at", sa.Float, nullable=False),
        sa.Column("letters", sa.BigInteger, nullable=False),
        sa.Column("function", sa.String),
        sa.Column("owner", sa.String),
        sa.Column("owner_seen_at", sa.Float),
    )
    op.create_table(
        "dead_letter_plan_items",
        sa.Column("plan", _ID, sa.ForeignKey("dead_letter_plans.plan"), primary_key=True),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("death_id", _ID, nullable=False),
        sa.Column("outcome", sa.String),
        sa.Column("server", sa.String),
        sa.Column("at", sa.Float),
    )
    op.create_index("dead_letter_plan_items_by_death", "dead_letter_plan_items", ["death_id"])
    op.create_table(
        "dead_letter_events",
        sa.Column("event", sa.Integer, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("plan", _ID),
        sa.Column("death_id", _ID),
        sa.Column("fingerprint", sa.String),
        sa.Column("detail", sa.Text),
        sa.Column("payload", sa.LargeBinary),
    )
    op.create_index("dead_letter_events_by_death", "dead_letter_events", ["death_id"])
    op.create_index("dead_letter_events_by_plan", "dead_letter_events", ["plan"])
    op.create_index("dead_letter_events_by_fingerprint", "dead_letter_events", ["fingerprint"])


def downgrade() -> None:
    for table in ("events", "plan_items", "plans", "arrivals", "fingerprints", "bodies"):
        op.drop_table(f"dead_letter_{table}")
    op.drop_table("dead_letters")
