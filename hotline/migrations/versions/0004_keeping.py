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


def downgrade() -> None:
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
