"""Table of the SIP log-ins that telephones get for a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class PhoneCredential(Base):
    """One further log-in of a seat beside the seat's own; see `acd.phones`."""

    __tablename__ = "phone_credentials"

    username: Mapped[str] = mapped_column(primary_key=True)
    """The authentication name; the SIP user is the extension."""
    extension: Mapped[str] = mapped_column(index=True)
    secret: Mapped[str]
    """In the clear, as the node's configuration needs it."""
    kind: Mapped[str]
    """`browser` or `phone`."""
    label: Mapped[str] = mapped_column(default="")
    """What a person calls the telephone, such as its model and place."""
    issued_at: Mapped[datetime]
    issued_by: Mapped[str]
    """Log-in of the agent, or of whoever issued it for a telephone."""
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    session_hash: Mapped[str | None] = mapped_column(index=True)
    """The console log-in that a browser's credential lives and ends with."""
