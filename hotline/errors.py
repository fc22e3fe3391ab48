"""What every room's exceptions have in common, so that the command line and the console can show any of them."""

from __future__ import annotations

from typing import ClassVar


class HotlineError(Exception):
    """A failure that a person can do something about.

    `code` is a short stable name for machines; the message is one sentence that says what is wrong and what to do,
    and names no caller and no secret. Each room derives its own small tree from this one.
    """

    code: ClassVar[str] = "failed"


class UsageError(HotlineError):
    """The command was called wrongly; `hotline` exits with 2 where other errors exit with 1."""

    code = "usage"
