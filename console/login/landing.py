"""Which page a person sees first."""

from __future__ import annotations

from hotline.roles import Action, Role, allows

FIRST_PAGE = {
    Role.JUNIOR: "/seat",
    Role.SENIOR: "/seat",
    Role.RECORDING_CLERK: "/drafts",
    Role.INSPECTOR: "/samples",
    Role.ADMINISTRATOR: "/audit",
    Role.TEXT_CLERK: "/orders",
    Role.SURVEYOR: "/orders",
    Role.DATA_MANAGER: "/orders",
    Role.STATISTICIAN: "/orders",
}
OPEN_TO = {
    "/seat": Action.SEAT_SELF,
    "/floor": Action.FLOOR_VIEW,
    "/drafts": Action.DRAFT_VIEW,
    "/samples": Action.SAMPLE_VIEW,
    "/orders": Action.ORDER_VIEW,
    "/audit": Action.AUDIT_VIEW,
}


def landing_page(role: Role) -> str:
    """The page of the role's daily work, or the first one that the role may see."""
    preferred = FIRST_PAGE.get(role, "/floor")
    return next((path for path in (preferred, *OPEN_TO) if allows(role, OPEN_TO[path])), preferred)
