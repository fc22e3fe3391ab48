"""The call floor: menus in versions, routing by level and class, call-backs, calls handed on, phones, supervision.

Revision 0002, follows 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    _routing_up()
    _leader_up()
    _phones_up()
    _oncall_up()
    _callbacks_up()
    _registrations_up()
    _menus_up()
    _monitoring_up()
    _clock_up()


def downgrade() -> None:
    _clock_down()
    _monitoring_down()
    _menus_down()
    _oncall_down()
    _registrations_down()
    _callbacks_down()
    _phones_down()
    _leader_down()
    _routing_down()


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


def _phones_up() -> None:
    """SIP log-ins that telephones get for a time."""
    op.create_table(
        "phone_credentials",
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("extension", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("session_hash", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("username", name=op.f("pk_phone_credentials")),
    )
    op.create_index(op.f("ix_phone_credentials_extension"), "phone_credentials", ["extension"])
    op.create_index(op.f("ix_phone_credentials_session_hash"), "phone_credentials", ["session_hash"])


def _phones_down() -> None:
    op.drop_table("phone_credentials")


SEAT_IDLE_APPEND = """
CREATE FUNCTION seat_idle_append() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state = 'ready' AND OLD.reachable THEN
        IF TG_OP = 'UPDATE' AND NEW.state = 'ready' AND NEW.reachable AND NEW.level = OLD.level
            AND NEW.skills = OLD.skills AND NEW.classes = OLD.classes THEN
            RETURN NULL;
        END IF;
        IF TG_OP = 'UPDATE' AND NEW.state <> 'ready' THEN
            moment := NEW.state_since;
        END IF;
        UPDATE seat_idle SET until = greatest(since, moment) WHERE extension = OLD.extension AND until IS NULL;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.state = 'ready' AND NEW.reachable THEN
        IF TG_OP = 'INSERT' OR OLD.state <> 'ready' THEN
            moment := NEW.state_since;
        END IF;
        INSERT INTO seat_idle (extension, level, skills, classes, since)
        VALUES (NEW.extension, NEW.level, NEW.skills, NEW.classes, moment);
    END IF;
    RETURN NULL;
END $$
"""
SEAT_IDLE_TRIGGER = """
CREATE TRIGGER seat_idle_append AFTER INSERT OR DELETE OR UPDATE OF state, reachable, level, skills, classes ON seats
FOR EACH ROW EXECUTE FUNCTION seat_idle_append()
"""
SKILLS_WITH_LEVELS = """
UPDATE seats SET skills = coalesce(
    (SELECT jsonb_object_agg(skill, 3) FROM jsonb_array_elements_text(skills) AS skill), '{}')
"""
SKILLS_ALONE = """
UPDATE seats SET skills = coalesce((SELECT jsonb_agg(skill) FROM jsonb_object_keys(skills) AS skill), '[]')
"""


OPEN_CASES = r"""
INSERT INTO callers ("case", number, owner_id, complaint, repeated, opened_at, due_at)
SELECT o.number, n.plain, o.owner_id, o.kind = 'complaint', o.original IS NOT NULL, o.received_at,
    coalesce(f.reply_due_at, o.reply_due_at)
FROM orders o JOIN calls c ON c.uid = o.call_uid LEFT JOIN orders f ON f.number = o.original,
    LATERAL (SELECT regexp_replace(c.caller, '^([+]86|0086|[+])', '') AS plain) n
WHERE o.state = 'open' AND n.plain ~ '^[0-9]{3,15}$'
"""


def _routing_up() -> None:
    """Skills with levels, classes and redeployment of seats; callers' open cases; clerks' work; when seats were idle."""
    op.execute(SKILLS_WITH_LEVELS)
    op.add_column("seats", sa.Column("classes", JSON, nullable=False, server_default="[]"))
    op.alter_column("seats", "classes", server_default=None)
    op.add_column("seats", sa.Column("wrap_up_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("seats", sa.Column("misses", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("seats", "misses", server_default=None)
    op.add_column("seats", sa.Column("redeployed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("seats", sa.Column("normal", JSON, nullable=True))
    op.create_table(
        "callers",
        sa.Column("case", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("complaint", sa.Boolean(), nullable=False),
        sa.Column("repeated", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case", "number", name=op.f("pk_callers")),
    )
    op.create_index(op.f("ix_callers_number"), "callers", ["number"])
    op.execute(OPEN_CASES)
    op.create_table(
        "clerk_work",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_clerk_work")),
    )
    op.execute(
        "INSERT INTO clerk_work (ref, due_at) SELECT 'draft:' || call_uid, due_at FROM drafts WHERE state = 'pending'"
    )
    op.create_table(
        "seat_idle",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("extension", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("skills", JSON, nullable=False),
        sa.Column("classes", JSON, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_idle")),
    )
    op.create_index("ix_seat_idle_since", "seat_idle", ["since"])
    op.create_index(
        "uq_seat_idle_open", "seat_idle", ["extension"], unique=True, postgresql_where=sa.text("until IS NULL")
    )
    op.execute(
        "INSERT INTO seat_idle (extension, level, skills, classes, since)"
        " SELECT extension, level, skills, classes, state_since FROM seats WHERE state = 'ready' AND reachable"
    )
    op.execute(SEAT_IDLE_APPEND)
    op.execute(SEAT_IDLE_TRIGGER)


def _routing_down() -> None:
    op.execute("DROP TRIGGER seat_idle_append ON seats")
    op.execute("DROP FUNCTION seat_idle_append()")
    for table in ("seat_idle", "clerk_work", "callers"):
        op.drop_table(table)
    for column in ("normal", "redeployed_until", "misses", "wrap_up_until", "classes"):
        op.drop_column("seats", column)
    op.execute(SKILLS_ALONE)


def _callbacks_up() -> None:
    """Who waits to be called back."""
    op.create_table(
        "callbacks",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=True),
        sa.Column("customer_class", sa.String(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seat", sa.String(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("answered_uid", sa.String(), nullable=True),
        sa.Column("history", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_callbacks"),
        sa.UniqueConstraint("call_uid", name="uq_callbacks_call_uid"),
    )
    op.create_index(
        "ix_callbacks_open",
        "callbacks",
        ["queued_at"],
        postgresql_where=sa.text("state IN ('waiting', 'dialling', 'connected')"),
    )
    op.create_index("ix_callbacks_answered_uid", "callbacks", ["answered_uid"])
    op.create_index("ix_callbacks_asked_at", "callbacks", ["asked_at"])


def _callbacks_down() -> None:
    op.drop_table("callbacks")


def _registrations_up() -> None:
    """What agents register during a call, and how callers and their last calls are found again."""
    op.create_index("ix_calls_caller_entered_at", "calls", ["caller", "entered_at"])
    op.create_index(
        "ix_call_events_answered", "call_events", ["seat", "at"],
        postgresql_where=sa.text("kind IN ('answered', 'fallback_answered', 'joined')"),
    )  # fmt: skip
    op.create_table(
        "registrations",
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("order_number", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("call_uid", "seat", name=op.f("pk_registrations")),
        sa.ForeignKeyConstraint(["agent_id"], ["users.id"], name=op.f("fk_registrations_agent_id_users")),
        sa.ForeignKeyConstraint(["order_number"], ["orders.number"], name=op.f("fk_registrations_order_number_orders")),
    )
    op.create_index("ix_registrations_agent_state", "registrations", ["agent_id", "state"])
    op.create_table(
        "card_views",
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_uid", "seat", "person", name=op.f("pk_card_views")),
    )
    op.create_table(
        "registered_calls",
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_uid", name=op.f("pk_registered_calls")),
    )


def _registrations_down() -> None:
    for table in ("registered_calls", "card_views", "registrations"):
        op.drop_table(table)
    op.drop_index("ix_call_events_answered", "call_events")
    op.drop_index("ix_calls_caller_entered_at", "calls")


def _oncall_up() -> None:
    """What agents ask for during calls; which way a call goes, and what it is about."""
    op.create_table(
        "call_commands",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("argument", JSON, nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_commands")),
    )
    op.create_index("ix_call_commands_asked", "call_commands", ["id"], postgresql_where=sa.text("state = 'asked'"))
    op.add_column("calls", sa.Column("direction", sa.String(), nullable=False, server_default="in"))
    op.add_column("calls", sa.Column("about", sa.String(), nullable=True))


def _oncall_down() -> None:
    op.drop_column("calls", "about")
    op.drop_column("calls", "direction")
    op.drop_table("call_commands")


def _menus_up() -> None:
    """Menus in versions, announcements, the centre's own days; what callers answered after the talk."""
    op.create_table(
        "menu_versions",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_menu_versions")),
    )
    for state in ("live", "asked"):
        op.create_index(
            f"uq_menu_versions_{state}", "menu_versions", ["state"], unique=True,
            postgresql_where=sa.text(f"state = '{state}'"),
        )  # fmt: skip
    op.create_table(
        "announcements",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("prompt", sa.String(), nullable=False),
        sa.Column("services", JSON, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("switched_on", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("aired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
    )
    op.create_table(
        "centre_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_centre_days")),
    )
    op.create_table(
        "survey_answers",
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_uid", name=op.f("pk_survey_answers")),
    )
    op.create_index("ix_survey_answers_at", "survey_answers", ["at"])


def _menus_down() -> None:
    for table in ("survey_answers", "centre_days", "announcements", "menu_versions"):
        op.drop_table(table)


def _monitoring_up() -> None:
    """Who listened to whose call."""
    op.create_table(
        "monitorings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("listener", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wanted", sa.String(), nullable=True),
        sa.Column("spans", JSON, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitorings")),
    )
    op.create_index(op.f("ix_monitorings_call_uid"), "monitorings", ["call_uid"])
    op.create_index("ix_monitorings_started_at", "monitorings", ["started_at"])
    op.create_index("ix_monitorings_wanted", "monitorings", ["id"], postgresql_where=sa.text("wanted IS NOT NULL"))


def _monitoring_down() -> None:
    op.drop_table("monitorings")


def _clock_up() -> None:
    """When the clock was set."""
    op.create_table(
        "clock_jumps",
        sa.Column("before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("before", "after", name=op.f("pk_clock_jumps")),
    )


def _clock_down() -> None:
    op.drop_table("clock_jumps")
