"""What alembic compares: our own tables only."""

from __future__ import annotations

from typing import Any


def ours(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leave out procrastinate's tables: its own schema file says what they are."""
    return not (name or "").startswith(("procrastinate_", "idx_procrastinate_"))
