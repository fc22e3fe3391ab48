"""Tables of what callers hear: menus in versions, announcements, the centre's own days."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class MenuVersion(Base):
    __tablename__ = "menu_versions"

    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    """The YAML as its author wrote it."""
    author: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    """What changed, in the author's words."""
    created_at: Mapped[datetime]
    state: Mapped[str]
    """A `ivr.versions.VersionState`."""
    asked_at: Mapped[datetime | None]
    """When somebody last wanted it applied."""
    applied_at: Mapped[datetime | None]
    """When callers last began to hear it."""
    problem: Mapped[str | None]
    """Why it could not be applied."""

    __table_args__ = (
        Index("uq_menu_versions_live", "state", unique=True, postgresql_where="state = 'live'"),
        Index("uq_menu_versions_asked", "state", unique=True, postgresql_where="state = 'asked'"),
    )


class Announcement(Base):
    """What callers are told before the menu or before a service's queue while it is switched on (D122)."""

    __tablename__ = "announcements"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    prompt: Mapped[str]
    """File in the prompts folder, without its ending."""
    services: Mapped[list[Any]]
    """Services before whose queue it is said; empty: to everybody, after the greeting."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    switched_on: Mapped[bool]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    aired_at: Mapped[datetime | None]
    """When the node took it, or took it away, after the last change."""
    problem: Mapped[str | None]


class CentreDay(Base):
    """A day that the centre works, or does not, whatever the official calendar says."""

    __tablename__ = "centre_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """`workday` or `day_off`."""
    note: Mapped[str] = mapped_column(default="")
    changed_by: Mapped[str]
