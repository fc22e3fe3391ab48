"""Imported recordings: what each was made from, and the runs that brought them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base


class ImportRun(Base):
    """One call of `hotline recordings import`; one without an end was killed."""

    __tablename__ = "import_runs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    folder: Mapped[str]
    actor: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    imported: Mapped[int] = mapped_column(default=0)
    """Counted in the transaction of each recording, so that it is right after a kill too."""
    known: Mapped[int | None]
    """Files that were in the store already; known at the end only, as `refused` is."""
    refused: Mapped[int | None]


class ImportedRecording(Base):
    """The file that a recording was made from; by its content, so that another name makes no second recording."""

    __tablename__ = "imported_recordings"

    source_sha256: Mapped[str] = mapped_column(primary_key=True)
    call_uid: Mapped[str] = mapped_column(unique=True)
    source: Mapped[str]
    """Path below the folder of the run, printable."""
    source_bytes: Mapped[int] = mapped_column(BigInteger)
    source_kind: Mapped[str]
    """Container and coding, such as `WAV ULAW`."""
    source_rate: Mapped[int]
    source_channels: Mapped[int]
    time_from: Mapped[str]
    """`manifest`, `name` or `file`: what says when the call was."""
    imported_at: Mapped[datetime]
    run_id: Mapped[UUID] = mapped_column(ForeignKey("import_runs.id"), index=True)
