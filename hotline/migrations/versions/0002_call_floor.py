"""The call floor: menus in versions, routing by level and class, call-backs, calls handed on, phones, supervision.

Revision 0002, follows 0001.
"""

from __future__ import annotations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
