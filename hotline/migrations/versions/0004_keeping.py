"""Recordings in the audit from their first minute, what must be keyed in by ear, work that holds its recording.

Revision 0004, follows 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    _keeping_up()
    _texts_up()


def downgrade() -> None:
    _texts_down()
    _keeping_down()


HELD_BEFORE_BY_DRAFTS = """
INSERT INTO recording_holds (call_uid, reason, ref, since, until)
SELECT call_uid, 'work', 'draft:' || call_uid, created_at, NULL FROM drafts WHERE state = 'pending'
"""


def _keeping_up() -> None:
    op.add_column("recordings", sa.Column("noted_seq", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_recordings_not_noted", "recordings", ["finalised_at"], postgresql_where=sa.text("noted_seq IS NULL")
    )
    op.add_column("recording_checks", sa.Column("by_ear_ranges", JSON, nullable=True))
    for name, kind in (("by_ear_key", sa.String()), ("by_ear_sha256", sa.String()), ("by_ear_bytes", sa.BigInteger())):
        op.add_column("recording_checks", sa.Column(name, kind, nullable=True))
    op.create_index("ix_transcripts_not_heard", "transcripts", ["state"], postgresql_where=sa.text("state <> 'heard'"))
    op.execute(HELD_BEFORE_BY_DRAFTS)


def _keeping_down() -> None:
    op.drop_index("ix_transcripts_not_heard", table_name="transcripts")
    op.execute("DELETE FROM recording_holds WHERE reason = 'work'")
    for name in ("by_ear_bytes", "by_ear_sha256", "by_ear_key", "by_ear_ranges"):
        op.drop_column("recording_checks", name)
    op.drop_index("ix_recordings_not_noted", table_name="recordings")
    op.drop_column("recordings", "noted_seq")


TEXT_CERTIFICATES_REFUSE_CHANGE = """
CREATE FUNCTION text_certificates_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = 'certificates of deletion are append-only: ' || TG_OP || ' refused';
END $$
"""
TEXT_CERTIFICATES_APPEND_ONLY = """
CREATE TRIGGER text_certificates_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON text_certificates
FOR EACH STATEMENT EXECUTE FUNCTION text_certificates_refuse_change()
"""


def _texts_up() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("text_entries", sa.Column("erased_at", moment, nullable=True))
    op.create_table(
        "text_deletions",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("scan_id", sa.Uuid(), nullable=True),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("begun_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_text_deletions")),
    )
    op.create_table(
        "text_certificates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("scan_id", sa.Uuid(), nullable=True),
        sa.Column("files", JSON, nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_certificates")),
    )
    op.create_index(op.f("ix_text_certificates_entry_id"), "text_certificates", ["entry_id"])
    op.execute(TEXT_CERTIFICATES_REFUSE_CHANGE)
    op.execute(TEXT_CERTIFICATES_APPEND_ONLY)
    op.execute("ALTER TABLE text_certificates ENABLE ALWAYS TRIGGER text_certificates_append_only")


def _texts_down() -> None:
    op.drop_table("text_certificates")
    op.drop_table("text_deletions")
    op.execute("DROP FUNCTION text_certificates_refuse_change()")
    op.drop_column("text_entries", "erased_at")
