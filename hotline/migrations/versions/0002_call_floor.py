"""The call floor: menus in versions, routing by level and class, call-backs, calls handed on, phones, supervision.

Revision 0002, follows 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _leader_up()


def downgrade() -> None:
    _leader_down()


SEAT_STATES_APPEND = """
CREATE FUNCTION seat_states_append() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    why text;
    moment timestamptz;
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE seat_states SET until = greatest(since, clock_timestamp())
        WHERE extension = OLD.extension AND until IS NULL;
        RETURN NULL;
    END IF;
    moment := NEW.state_since;
    IF NEW.state = 'break' THEN
        why := NEW.break_reason;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.state = OLD.state THEN
        IF NEW.state <> 'break' OR NEW.break_reason IS NOT DISTINCT FROM OLD.break_reason THEN
            RETURN NULL;
        END IF;
        moment := greatest(moment, clock_timestamp());
    END IF;
    UPDATE seat_states SET until = greatest(since, moment)
    WHERE extension = NEW.extension AND until IS NULL
    RETURNING until INTO moment;
    INSERT INTO seat_states (extension, person, state, reason, since)
    VALUES (
        NEW.extension,
        coalesce((SELECT login FROM users WHERE seat = NEW.extension AND NOT disabled ORDER BY login LIMIT 1), ''),
        NEW.state, why, coalesce(moment, NEW.state_since)
    );
    RETURN NULL;
END $$
"""
SEAT_STATES_TRIGGER = """
CREATE TRIGGER seat_states_append AFTER INSERT OR DELETE OR UPDATE OF state, break_reason ON seats
FOR EACH ROW EXECUTE FUNCTION seat_states_append()
"""


def _leader_up() -> None:
    """Rosters and the seats' history, messages with receipts, notices with confirmations."""
    op.create_table(
        "seat_states",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("extension", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_states")),
    )
    op.create_index("ix_seat_states_extension_since", "seat_states", ["extension", "since"])
    op.create_index("ix_seat_states_person_since", "seat_states", ["person", "since"])
    op.create_index(
        "uq_seat_states_open", "seat_states", ["extension"], unique=True, postgresql_where=sa.text("until IS NULL")
    )
    op.execute(
        "INSERT INTO seat_states (extension, person, state, reason, since)"
        " SELECT extension, coalesce((SELECT min(login) FROM users WHERE seat = extension AND NOT disabled), ''),"
        " state, CASE WHEN state = 'break' THEN break_reason END, state_since FROM seats"
    )
    op.execute(SEAT_STATES_APPEND)
    op.execute(SEAT_STATES_TRIGGER)
    op.create_table(
        "roster",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("begins", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("break_minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster")),
        sa.UniqueConstraint("day", "person", "seat", "begins", name="uq_roster_once"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("sender_name", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_sent_at", "messages", ["sent_at"])
    op.create_table(
        "message_receipts",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reader", sa.String(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("message_id", "seat", name=op.f("pk_message_receipts")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_receipts_message_id_messages"), ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_message_receipts_unread", "message_receipts", ["seat"], postgresql_where=sa.text("read_at IS NULL")
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_table(
        "notice_versions",
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "version", name=op.f("pk_notice_versions")),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_versions_notice_id_notices")),
    )
    op.create_table(
        "notice_confirmations",
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "version", "person", name=op.f("pk_notice_confirmations")),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_confirmations_notice_id_notices")),
    )


def _leader_down() -> None:
    for table in ("notice_confirmations", "notice_versions", "notices", "message_receipts", "messages", "roster"):
        op.drop_table(table)
    op.execute("DROP TRIGGER seat_states_append ON seats")
    op.execute("DROP FUNCTION seat_states_append()")
    op.drop_table("seat_states")
