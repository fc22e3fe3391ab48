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
    _hearing_up()
    _replay_up()


def downgrade() -> None:
    _replay_down()
    _hearing_down()


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
