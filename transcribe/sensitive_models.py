"""By what digits a call can be found, without the digits."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class SensitiveDigits(Base):
    """A keyed hash of an identity-card or bank-card number that was said in a call."""

    __tablename__ = "sensitive_digits"

    digest: Mapped[str] = mapped_column(primary_key=True)
    """HMAC-SHA-256, hexadecimal, under a key that does not lie in the database."""
    call_uid: Mapped[str] = mapped_column(primary_key=True, index=True)
    kind: Mapped[str]
    """`id_card` or `bank_card`; of passwords nothing is kept."""
