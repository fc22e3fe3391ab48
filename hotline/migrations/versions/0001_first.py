"""The first schema: every room's tables, the audit's trigger, procrastinate 3.10.0.

Revision 0001, follows nothing.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PROCRASTINATE = Path(__file__).parent.parent / "sql" / "procrastinate_3_10_0.sql"

AUDIT_APPEND_ONLY = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_append_only;
"""

FORGET_PROCRASTINATE = """
DROP TABLE procrastinate_periodic_defers, procrastinate_events, procrastinate_jobs, procrastinate_workers CASCADE;
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace
    LOOP
        EXECUTE 'DROP FUNCTION ' || one.name;
    END LOOP;
END $$;
DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status;
"""


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("acd_claim_epoch", start=1)))
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column(
            "detail", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "breaches",
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("waited_seconds", sa.Double(), nullable=False),
        sa.Column("limit_seconds", sa.Double(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "detail", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("call_uid", name=op.f("pk_breaches")),
    )
    op.create_table(
        "call_events",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column(
            "detail", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_events")),
        sa.UniqueConstraint("call_uid", "kind", "seat", "at", name="uq_call_events_once"),
    )
    op.create_index(op.f("ix_call_events_call_uid"), "call_events", ["call_uid"], unique=False)
    op.create_table(
        "calls",
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("dialled", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=True),
        sa.Column("customer_class", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seat", sa.String(), nullable=True),
        sa.Column("ring_attempts", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_calls")),
    )
    op.create_index("ix_calls_entered_at", "calls", ["entered_at"], unique=False)
    op.create_index("ix_calls_open", "calls", ["state"], unique=False, postgresql_where="ended_at IS NULL")
    op.create_table(
        "customers",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("customer_class", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_customers")),
    )
    op.create_table(
        "drafts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("business", sa.String(), nullable=False),
        sa.Column("nature", sa.String(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column(
            "fields", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("call_uid", name=op.f("uq_drafts_call_uid")),
    )
    op.create_index("ix_drafts_state_due_at", "drafts", ["state", "due_at"], unique=False)
    op.create_table(
        "heartbeats",
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("part", "host", "pid", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "listenings",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "call_uid", name=op.f("pk_listenings")),
    )
    op.create_table(
        "order_counters",
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_order_counters")),
    )
    op.create_table(
        "qa_draws",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("algorithm", sa.String(), nullable=False),
        sa.Column(
            "population", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qa_draws")),
    )
    op.create_table(
        "recording_problems",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_problems")),
    )
    op.create_index(op.f("ix_recording_problems_call_uid"), "recording_problems", ["call_uid"], unique=False)
    op.create_index(
        "uq_recording_problems_open",
        "recording_problems",
        ["call_uid", "problem"],
        unique=True,
        postgresql_where="resolved_at IS NULL",
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("object_key", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("caller_seconds", sa.Double(), nullable=False),
        sa.Column("seat_seconds", sa.Double(), nullable=False),
        sa.Column("caller_rms", sa.Double(), nullable=False),
        sa.Column("seat_rms", sa.Double(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finalised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recovered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
        sa.UniqueConstraint("call_uid", name=op.f("uq_recordings_call_uid")),
        sa.UniqueConstraint("object_key", name=op.f("uq_recordings_object_key")),
    )
    op.create_table(
        "seats",
        sa.Column("extension", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column(
            "skills", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("sip_secret", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("break_reason", sa.String(), nullable=True),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.Column("idle_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("call_uid", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("extension", name=op.f("pk_seats")),
        sa.UniqueConstraint("call_uid", name=op.f("uq_seats_call_uid")),
    )
    op.create_table(
        "transcripts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column(
            "turns", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "talk_over", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcripts")),
        sa.UniqueConstraint("call_uid", name=op.f("uq_transcripts_call_uid")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("login", name=op.f("uq_users_login")),
    )
    op.create_table(
        "login_sessions",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_login_sessions_user_id_users")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_login_sessions")),
    )
    op.create_index(op.f("ix_login_sessions_user_id"), "login_sessions", ["user_id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("original", sa.String(), nullable=True),
        sa.Column("business", sa.String(), nullable=False),
        sa.Column("nature", sa.String(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column(
            "fields", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "corrected", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reply_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["original"], ["orders.number"], name=op.f("fk_orders_original_orders")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_orders_owner_id_users")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_orders")),
        sa.UniqueConstraint("call_uid", name=op.f("uq_orders_call_uid")),
    )
    op.create_index(op.f("ix_orders_original"), "orders", ["original"], unique=False)
    op.create_index(op.f("ix_orders_owner_id"), "orders", ["owner_id"], unique=False)
    op.create_index("ix_orders_state_reply_due_at", "orders", ["state", "reply_due_at"], unique=False)
    op.create_table(
        "qa_samples",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draw_id", sa.Uuid(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("business", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["qa_draws.id"], name=op.f("fk_qa_samples_draw_id_qa_draws")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qa_samples")),
        sa.UniqueConstraint("call_uid", name="uq_qa_samples_call_uid"),
    )
    op.create_index(op.f("ix_qa_samples_draw_id"), "qa_samples", ["draw_id"], unique=False)
    op.create_table(
        "qa_score_cards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column(
            "items", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("fatal", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["sample_id"], ["qa_samples.id"], name=op.f("fk_qa_score_cards_sample_id_qa_samples")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qa_score_cards")),
        sa.UniqueConstraint("sample_id", name=op.f("uq_qa_score_cards_sample_id")),
    )
    op.create_index(op.f("ix_qa_score_cards_call_uid"), "qa_score_cards", ["call_uid"], unique=False)
    _run(AUDIT_APPEND_ONLY)
    _run(PROCRASTINATE.read_text("utf-8"))


def downgrade() -> None:
    _run(FORGET_PROCRASTINATE)
    op.drop_index(op.f("ix_qa_score_cards_call_uid"), table_name="qa_score_cards")
    op.drop_table("qa_score_cards")
    op.drop_index(op.f("ix_qa_samples_draw_id"), table_name="qa_samples")
    op.drop_table("qa_samples")
    op.drop_index("ix_orders_state_reply_due_at", table_name="orders")
    op.drop_index(op.f("ix_orders_owner_id"), table_name="orders")
    op.drop_index(op.f("ix_orders_original"), table_name="orders")
    op.drop_table("orders")
    op.drop_index(op.f("ix_login_sessions_user_id"), table_name="login_sessions")
    op.drop_table("login_sessions")
    op.drop_table("users")
    op.drop_table("transcripts")
    op.drop_table("seats")
    op.drop_table("recordings")
    op.drop_index("uq_recording_problems_open", table_name="recording_problems", postgresql_where="resolved_at IS NULL")
    op.drop_index(op.f("ix_recording_problems_call_uid"), table_name="recording_problems")
    op.drop_table("recording_problems")
    op.drop_table("qa_draws")
    op.drop_table("order_counters")
    op.drop_table("listenings")
    op.drop_table("heartbeats")
    op.drop_index("ix_drafts_state_due_at", table_name="drafts")
    op.drop_table("drafts")
    op.drop_table("customers")
    op.drop_index("ix_calls_open", table_name="calls", postgresql_where="ended_at IS NULL")
    op.drop_index("ix_calls_entered_at", table_name="calls")
    op.drop_table("calls")
    op.drop_index(op.f("ix_call_events_call_uid"), table_name="call_events")
    op.drop_table("call_events")
    op.drop_table("breaches")
    op.drop_table("audit_head")
    op.drop_index("ix_audit_subject", table_name="audit")
    op.drop_table("audit")
    op.execute(sa.schema.DropSequence(sa.Sequence("acd_claim_epoch")))
    _run("DROP FUNCTION audit_refuse_change()")


def _run(script: str) -> None:
    """SQL as it stands, several statements and per cent signs included."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)
