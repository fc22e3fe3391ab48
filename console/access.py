"""Who may reach which route: one dependency, `require(action)`, on every handler.

The route table is the list of these dependencies; `tests/console/test_access.py` walks it role by role.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.params import Depends

from console.errors import Forbidden, Forged, LoginNeeded
from console.state import console_of
from hotline import accounts
from hotline.accounts import Subject
from hotline.roles import Action, allows

SESSION_COOKIE = "hotline_session"
VISITOR_COOKIE = "hotline_visitor"
"""Random value of a browser that has not logged in yet: what the log-in form's token is derived from."""
CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"


class Answer(StrEnum):
    """How a request that nobody is logged in for is answered: a page goes to the log-in, data gets 401."""

    PAGE = "page"
    DATA = "data"


class Require:
    """Dependency that yields the logged-in subject and refuses everybody who may not.

    `action` None admits every logged-in person. POSTs must carry the session's CSRF token.
    """

    def __init__(self, action: Action | None, answer: Answer = Answer.PAGE) -> None:
        self.action = action
        self.answer = answer

    async def __call__(self, request: Request) -> Subject:
        subject = await subject_of(request)
        if subject is None:
            raise LoginNeeded(redirect=self.answer is Answer.PAGE)
        request.state.subject = subject
        await refuse_forged(request, request.cookies.get(SESSION_COOKIE, ""))
        if self.action is not None and not allows(subject.role, self.action):
            raise Forbidden
        return subject


class Public:
    """Dependency of the few routes that need no log-in; POSTs still need the visitor's CSRF token."""

    action = None

    async def __call__(self, request: Request) -> None:
        await refuse_forged(request, request.cookies.get(VISITOR_COOKIE, ""))


def require(action: Action | None, answer: Answer = Answer.PAGE) -> Depends:
    """The dependency for a handler that does `action`; None is for every logged-in person."""
    return Depends(Require(action, answer))


def public() -> Depends:
    return Depends(Public())


async def subject_of(request: Request) -> Subject | None:
    """Who sent the request, by the session cookie; None where the session is unknown, over or revoked."""
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    console = console_of(request)
    async with console.database.transaction() as session:
        return await accounts.subject_of(session, token, console.now())


def csrf_token(secret: str) -> str:
    """Token for forms: derived from a cookie that no script and no other site can read, so it needs no storage."""
    return hmac.new(secret.encode(), b"hotline console form", hashlib.sha256).hexdigest()


async def refuse_forged(request: Request, secret: str) -> None:
    """Refuse a POST from another origin or without the token that belongs to `secret`."""
    if request.method in {"GET", "HEAD"}:
        return
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forged
    sent = request.headers.get(CSRF_HEADER)
    if sent is None:
        value = (await request.form()).get(CSRF_FIELD)
        sent = value if isinstance(value, str) else ""
    if not secret or not hmac.compare_digest(sent.encode(), csrf_token(secret).encode()):
        raise Forged


def local_path(target: str | None) -> str:
    """`target` where it is a path of this console, `/` for anything that would lead elsewhere."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return "/"
    if any(ord(character) < 0x20 for character in target):
        return "/"
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else "/"
