"""Recordings at rest, transcripts, drafts, the clerk's desk, text entries.

Revision 0003, follows 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    _import_up()
    _texts_up()
    _vault_up()
    _hearing_up()
    _replay_up()
    _lexicon_up()
    _desk_up()
    _learning_up()


def downgrade() -> None:
    _learning_down()
    _texts_down()
    _import_down()
    _desk_down()
    _lexicon_down()
    _replay_down()
    _hearing_down()
    _vault_down()


def _hearing_up() -> None:
    op.add_column("transcripts", sa.Column("state", sa.String(), server_default="heard", nullable=False))
    op.add_column("transcripts", sa.Column("unheard", JSON, server_default=sa.text("'[]'"), nullable=False))
    op.add_column("transcripts", sa.Column("reason", sa.String(), nullable=True))
    op.add_column("transcripts", sa.Column("warnings", JSON, server_default=sa.text("'[]'"), nullable=False))
    op.add_column("transcripts", sa.Column("sure_of_speakers", sa.Float(), server_default=sa.text("1"), nullable=False))


def _hearing_down() -> None:
    for name in ("sure_of_speakers", "warnings", "reason", "unheard", "state"):
        op.drop_column("transcripts", name)


def _replay_up() -> None:
    op.add_column("transcripts", sa.Column("sensitive", JSON, nullable=True))
    op.create_table(
        "sensitive_digits",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "call_uid", name=op.f("pk_sensitive_digits")),
    )
    op.create_index(op.f("ix_sensitive_digits_call_uid"), "sensitive_digits", ["call_uid"])
    op.create_table(
        "recording_checks",
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_sha256", sa.String(), nullable=False),
        sa.Column("ranges", JSON, nullable=False),
        sa.Column("object_key", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("former", JSON, nullable=False),
        sa.PrimaryKeyConstraint("call_uid", name=op.f("pk_recording_checks")),
    )
    op.create_table(
        "recording_peaks",
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("levels", sa.LargeBinary(), nullable=False),
        sa.Column("quiet", JSON, nullable=False),
        sa.PrimaryKeyConstraint("call_uid", name=op.f("pk_recording_peaks")),
    )
    op.create_table(
        "recording_marks",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("letter", sa.String(), nullable=False),
        sa.Column("second", sa.Float(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_marks")),
        sa.UniqueConstraint("call_uid", "letter", name=op.f("uq_recording_marks_call_uid")),
    )
    op.create_table(
        "unchecked_listenings",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "call_uid", name=op.f("pk_unchecked_listenings")),
    )
    for column, default in (
        (sa.Column("last_at", sa.DateTime(timezone=True)), "opened_at"),
        (sa.Column("clear", sa.Boolean()), "true"),
        (sa.Column("served", JSON), "'[]'"),
    ):
        op.add_column("listenings", column)
        op.execute(f"UPDATE listenings SET {column.name} = {default}")
        op.alter_column("listenings", column.name, nullable=False)
    op.add_column("listenings", sa.Column("heard", JSON, nullable=True))


def _replay_down() -> None:
    for name in ("heard", "served", "clear", "last_at"):
        op.drop_column("listenings", name)
    for table in ("unchecked_listenings", "recording_marks", "recording_peaks", "recording_checks", "sensitive_digits"):
        op.drop_table(table)
    op.drop_column("transcripts", "sensitive")


def _lexicon_up() -> None:
    op.add_column("transcripts", sa.Column("normalised", JSON, server_default=sa.text("'[]'"), nullable=False))
    op.add_column("transcripts", sa.Column("suggestions", JSON, server_default=sa.text("'[]'"), nullable=False))
    op.create_table(
        "lexicon_versions",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("live_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("live_by", sa.String(), nullable=True),
        sa.Column("override", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_lexicon_versions")),
    )
    op.create_index(
        op.f("uq_lexicon_versions_state"),
        "lexicon_versions",
        ["state"],
        unique=True,
        postgresql_where=sa.text("state IN ('draft', 'measured', 'live')"),
    )
    op.create_table(
        "lexicon_words",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("pinyin", sa.String(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"],
            ["lexicon_versions.number"],
            name=op.f("fk_lexicon_words_version_lexicon_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon_words")),
        sa.UniqueConstraint("version", "word", name=op.f("uq_lexicon_words_version")),
    )
    op.create_table(
        "lexicon_proposals",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=True),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon_proposals")),
    )
    op.create_index(
        op.f("uq_lexicon_proposals_open"),
        "lexicon_proposals",
        ["word"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "lexicon_measurements",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("against", sa.Integer(), nullable=True),
        sa.Column("heard_anew", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("result", JSON, nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["version"],
            ["lexicon_versions.number"],
            name=op.f("fk_lexicon_measurements_version_lexicon_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon_measurements")),
    )
    op.create_index(op.f("ix_lexicon_measurements_version"), "lexicon_measurements", ["version"])
    op.create_table(
        "suggestion_verdicts",
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("heard", sa.String(), nullable=False),
        sa.Column("meant", sa.String(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_uid", "turn", "first", name=op.f("pk_suggestion_verdicts")),
    )
    op.create_index(op.f("ix_suggestion_verdicts_meant"), "suggestion_verdicts", ["meant"])
    op.create_table(
        "reference_transcripts",
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("turns", JSON, nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_uid", name=op.f("pk_reference_transcripts")),
    )
    op.create_table(
        "recognition_weeks",
        sa.Column("week", sa.String(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("forms", sa.Integer(), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("week", "engine", name=op.f("pk_recognition_weeks")),
    )
    op.create_table(
        "form_differences",
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("seat", sa.String(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_uid", "seat", name=op.f("pk_form_differences")),
    )
    op.create_index(op.f("ix_form_differences_agent_id"), "form_differences", ["agent_id"])
    op.create_index(op.f("ix_form_differences_registered_at"), "form_differences", ["registered_at"])


def _lexicon_down() -> None:
    op.drop_table("form_differences")
    op.drop_table("recognition_weeks")
    op.drop_table("reference_transcripts")
    op.drop_table("suggestion_verdicts")
    op.drop_table("lexicon_measurements")
    op.drop_table("lexicon_proposals")
    op.drop_table("lexicon_words")
    op.drop_table("lexicon_versions")
    for name in ("suggestions", "normalised"):
        op.drop_column("transcripts", name)


def _desk_up() -> None:
    """Who works on what, what stands in the form, and what people made of each drafted field."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "desk_items",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("for_id", sa.Uuid(), nullable=True),
        sa.Column("for_role", sa.String(), nullable=True),
        sa.Column("taken_at", moment, nullable=True),
        sa.Column("lease_until", moment, nullable=True),
        sa.Column("beat_at", moment, nullable=True),
        sa.Column("worked_seconds", sa.Float(), nullable=False),
        sa.Column("typed", JSON, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", moment, nullable=True),
        sa.Column("saved_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("closed_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_desk_items_owner_id_users")),
        sa.ForeignKeyConstraint(["for_id"], ["users.id"], name=op.f("fk_desk_items_for_id_users")),
        sa.ForeignKeyConstraint(["saved_by"], ["users.id"], name=op.f("fk_desk_items_saved_by_users")),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_desk_items")),
    )
    op.create_index("ix_desk_items_owner_id", "desk_items", ["owner_id"])
    op.create_index("ix_desk_items_for_id", "desk_items", ["for_id"])
    op.create_index("ix_desk_items_state_due_at", "desk_items", ["state", "due_at"])
    op.create_table(
        "desk_moves",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("for_id", sa.Uuid(), nullable=True),
        sa.Column("for_role", sa.String(), nullable=True),
        sa.Column("had_id", sa.Uuid(), nullable=True),
        sa.Column("had_seconds", sa.Float(), nullable=False),
        sa.Column("worked_seconds", sa.Float(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_desk_moves_actor_id_users")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_desk_moves_owner_id_users")),
        sa.ForeignKeyConstraint(["for_id"], ["users.id"], name=op.f("fk_desk_moves_for_id_users")),
        sa.ForeignKeyConstraint(["had_id"], ["users.id"], name=op.f("fk_desk_moves_had_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_moves")),
    )
    op.create_index("ix_desk_moves_ref", "desk_moves", ["ref"])
    op.create_index("ix_desk_moves_after_at", "desk_moves", ["after", "at"])
    op.create_index("ix_desk_moves_had_id_at", "desk_moves", ["had_id", "at"])
    op.create_table(
        "draft_corrections",
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("drafted", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("confirmed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("discarded", sa.Boolean(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("extractor", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("call_uid", "field", name=op.f("pk_draft_corrections")),
    )
    op.create_index("ix_draft_corrections_at", "draft_corrections", ["at"])
    op.create_table(
        "entry_checks",
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("clerk_id", sa.Uuid(), nullable=False),
        sa.Column("fields", sa.Integer(), nullable=False),
        sa.Column("wrong", JSON, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.ForeignKeyConstraint(["order_number"], ["orders.number"], name=op.f("fk_entry_checks_order_number_orders")),
        sa.ForeignKeyConstraint(["clerk_id"], ["users.id"], name=op.f("fk_entry_checks_clerk_id_users")),
        sa.PrimaryKeyConstraint("order_number", name=op.f("pk_entry_checks")),
    )
    op.create_index("ix_entry_checks_clerk_id", "entry_checks", ["clerk_id"])


def _desk_down() -> None:
    for table in ("entry_checks", "draft_corrections", "desk_moves", "desk_items"):
        op.drop_table(table)


CERTIFICATES_REFUSE_CHANGE = """
CREATE FUNCTION certificates_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = 'certificates of deletion are append-only: ' || TG_OP || ' refused';
END $$
"""
CERTIFICATES_APPEND_ONLY = """
CREATE TRIGGER certificates_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recording_certificates
FOR EACH STATEMENT EXECUTE FUNCTION certificates_refuse_change()
"""
HELD_BEFORE_BY_ORDERS = """
INSERT INTO recording_holds (call_uid, reason, ref, since, until)
SELECT call_uid, 'case', number, created_at, NULL FROM orders WHERE call_uid IS NOT NULL AND closed_at IS NULL
"""
HELD_BEFORE_BY_SAMPLES = """
INSERT INTO recording_holds (call_uid, reason, ref, since, until)
SELECT sample.call_uid, 'sample', sample.id::text, drawn.drawn_at, NULL
FROM qa_samples AS sample JOIN qa_draws AS drawn ON drawn.id = sample.draw_id
WHERE NOT EXISTS (SELECT FROM qa_score_cards AS card WHERE card.sample_id = sample.id)
"""
STORED_BEFORE = """
INSERT INTO stored_objects
    (key, call_uid, bytes, sha256, stored_bytes, stored_sha256, header_sha256, day_key, stored_at, scrubbed_at)
SELECT object_key, call_uid, bytes, sha256, bytes, sha256, NULL, NULL, finalised_at, NULL FROM recordings
"""


def _vault_up() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "day_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("wrapped", sa.String(), nullable=False),
        sa.Column("master", sa.String(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_keys")),
    )
    op.create_index(op.f("ix_day_keys_day"), "day_keys", ["day"])
    op.create_table(
        "stored_objects",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_sha256", sa.String(), nullable=False),
        sa.Column("header_sha256", sa.String(), nullable=True),
        sa.Column("day_key", sa.String(), nullable=True),
        sa.Column("stored_at", moment, nullable=False),
        sa.Column("scrubbed_at", moment, nullable=True),
        sa.Column("damage", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_stored_objects")),
    )
    for name in ("call_uid", "day_key", "scrubbed_at"):
        op.create_index(op.f(f"ix_stored_objects_{name}"), "stored_objects", [name])
    op.execute(STORED_BEFORE)
    op.create_table(
        "scrub_runs",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("last_key", sa.String(), nullable=False),
        sa.Column("objects", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("damaged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scrub_runs")),
    )
    op.create_table(
        "recording_holds",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("until", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_holds")),
    )
    op.create_index(op.f("ix_recording_holds_call_uid"), "recording_holds", ["call_uid"])
    op.create_index(
        "uq_recording_holds_open", "recording_holds", ["call_uid", "reason", "ref"], unique=True,
        postgresql_where="until IS NULL",
    )  # fmt: skip
    op.execute(HELD_BEFORE_BY_ORDERS)
    op.execute(HELD_BEFORE_BY_SAMPLES)
    op.create_table(
        "recording_kinds",
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("business", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("call_uid", name=op.f("pk_recording_kinds")),
    )
    op.execute("INSERT INTO recording_kinds SELECT call_uid, kind, business FROM orders WHERE call_uid IS NOT NULL")
    op.create_table(
        "recording_certificates",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("object_key", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("retention_class", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("words", sa.Boolean(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_certificates")),
    )
    op.create_index(op.f("ix_recording_certificates_call_uid"), "recording_certificates", ["call_uid"])
    op.execute(CERTIFICATES_REFUSE_CHANGE)
    op.execute(CERTIFICATES_APPEND_ONLY)
    op.execute("ALTER TABLE recording_certificates ENABLE ALWAYS TRIGGER certificates_append_only")
    op.create_table(
        "recording_deletions",
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("retention_class", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("words", sa.Boolean(), nullable=False),
        sa.Column("begun_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("call_uid", name=op.f("pk_recording_deletions")),
    )


def _vault_down() -> None:
    for name in (
        "recording_deletions", "recording_certificates", "recording_kinds", "recording_holds", "scrub_runs",
        "stored_objects", "day_keys",
    ):  # fmt: skip
        op.drop_table(name)
    op.execute("DROP FUNCTION certificates_refuse_change()")


def _import_up() -> None:
    op.create_table(
        "import_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("imported", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
    )
    op.create_table(
        "imported_recordings",
        sa.Column("source_sha256", sa.String(), nullable=False),
        sa.Column("call_uid", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_bytes", sa.BigInteger(), nullable=False),
        sa.Column("source_kind", sa.String(), nullable=False),
        sa.Column("source_rate", sa.Integer(), nullable=False),
        sa.Column("source_channels", sa.Integer(), nullable=False),
        sa.Column("time_from", sa.String(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_runs.id"], name=op.f("fk_imported_recordings_run_id_import_runs")),
        sa.PrimaryKeyConstraint("source_sha256", name=op.f("pk_imported_recordings")),
        sa.UniqueConstraint("call_uid", name=op.f("uq_imported_recordings_call_uid")),
    )
    op.create_index(op.f("ix_imported_recordings_run_id"), "imported_recordings", ["run_id"])


def _import_down() -> None:
    op.drop_table("imported_recordings")
    op.drop_table("import_runs")


def _texts_up() -> None:
    op.add_column("orders", sa.Column("source", sa.String(), nullable=True))
    op.execute("UPDATE orders SET source = 'call:' || call_uid")
    op.alter_column("orders", "source", nullable=False)
    op.create_unique_constraint(op.f("uq_orders_source"), "orders", ["source"])
    op.alter_column("orders", "call_uid", nullable=True)
    op.create_table(
        "text_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("reply_channel", sa.String(), nullable=False),
        sa.Column("reply_to", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("draft", JSON, nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("order_number", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_by", sa.Uuid(), nullable=True),
        sa.Column("shelf", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["order_number"], ["orders.number"], name=op.f("fk_text_entries_order_number_orders")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_text_entries_created_by_users")),
        sa.ForeignKeyConstraint(["closed_by"], ["users.id"], name=op.f("fk_text_entries_closed_by_users")),
        sa.ForeignKeyConstraint(["filed_by"], ["users.id"], name=op.f("fk_text_entries_filed_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_entries")),
    )
    op.create_index("ix_text_entries_state_due_at", "text_entries", ["state", "due_at"])
    op.create_table(
        "text_scans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source_sha256", sa.String(), nullable=False),
        sa.Column("source_bytes", sa.BigInteger(), nullable=False),
        sa.Column("original_key", sa.String(), nullable=True),
        sa.Column("pages", JSON, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["text_entries.id"], name=op.f("fk_text_scans_entry_id_text_entries")),
        sa.ForeignKeyConstraint(["added_by"], ["users.id"], name=op.f("fk_text_scans_added_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_scans")),
        sa.UniqueConstraint("entry_id", "source_sha256", name=op.f("uq_text_scans_entry_id")),
    )


def _texts_down() -> None:
    op.drop_table("text_scans")
    op.drop_table("text_entries")
    op.execute("UPDATE orders SET call_uid = source WHERE call_uid IS NULL")
    op.alter_column("orders", "call_uid", nullable=False)
    op.drop_constraint(op.f("uq_orders_source"), "orders", type_="unique")
    op.drop_column("orders", "source")


def _learning_up() -> None:
    op.create_table(
        "repeat_keys",
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("numbers", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("grams", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_number"], ["orders.number"], name=op.f("fk_repeat_keys_order_number_orders"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order_number", name=op.f("pk_repeat_keys")),
    )
    op.create_index(op.f("ix_repeat_keys_received_at"), "repeat_keys", ["received_at"])
    op.create_index("ix_repeat_keys_numbers", "repeat_keys", ["numbers"], postgresql_using="gin")
    op.create_index("ix_repeat_keys_grams", "repeat_keys", ["grams"], postgresql_using="gin")
    op.create_table(
        "learned_versions",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forms", sa.Integer(), nullable=False),
        sa.Column("report", JSON, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("live_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("live_by", sa.String(), nullable=True),
        sa.Column("followed", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_learned_versions")),
    )
    op.create_index(
        "uq_learned_versions_live", "learned_versions", ["state"], unique=True,
        postgresql_where=sa.text("state = 'live'"),
    )  # fmt: skip


def _learning_down() -> None:
    op.drop_table("learned_versions")
    op.drop_table("repeat_keys")
