"""Handlers of logging in and out."""

from __future__ import annotations

import secrets
from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from prometheus_client import Counter

from acd import phones
from console.access import SESSION_COOKIE, VISITOR_COOKIE, local_path, public, require, subject_of
from console.errors import N_
from console.login.landing import landing_page
from console.pages import LANGUAGE_COOKIE, LANGUAGES
from console.state import Console, console_of
from hotline import accounts, audit
from hotline.accounts import Subject

router = APIRouter()
log = structlog.get_logger(__name__)
LOGINS = Counter("hotline_logins_total", "Attempts to log in to the console", ["outcome"])
LONGEST_LOGIN = 64
LONGEST_PASSWORD = 256


@router.get("/")
async def home(request: Request, subject: Annotated[Subject, require(None)]) -> Response:
    """Send each person to the page of their role."""
    return RedirectResponse(landing_page(subject.role), 303)


@router.get("/login", dependencies=[public()])
async def login_page(request: Request, next: str = "/") -> Response:
    if await subject_of(request) is not None:
        return RedirectResponse(local_path(next), 303)
    return _form(request, next)


@router.post("/login", dependencies=[public()])
async def log_in(
    request: Request,
    login: Annotated[str, Form(max_length=LONGEST_LOGIN)],
    password: Annotated[str, Form(max_length=LONGEST_PASSWORD)],
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Check the password and open a session; say the same of an unknown log-in and of a wrong password."""
    console, address = console_of(request), request.client.host if request.client else ""
    now = console.now()
    wait = console.login_limit.wait_seconds(login, address, now)
    if wait:
        LOGINS.labels("held_back").inc()
        problem = N_("Too many failures. Try again in %(seconds)s seconds.")
        return _form(request, next, login, problem=problem, values={"seconds": wait}, status=429)
    try:
        async with console.database.transaction() as session:
            user, token = await accounts.authenticate(
                session, login.strip(), password, now, hours=console.settings.session_hours
            )
            await audit.record(
                session,
                actor=user.login,
                role=user.role,
                action="login",
                subject=f"user:{user.login}",
                detail={},
                now=now,
            )
    except accounts.WrongCredentials:
        console.login_limit.failed(login, address, now)
        LOGINS.labels("refused").inc()
        log.info("login.refused")
        return _form(request, next, login, problem=N_("Log-in or password is wrong."), status=401)
    console.login_limit.succeeded(login, address)
    LOGINS.labels("succeeded").inc()
    answer = RedirectResponse(local_path(next), 303)
    _set_cookie(answer, console, SESSION_COOKIE, token, round(console.settings.session_hours * 3600))
    answer.delete_cookie(VISITOR_COOKIE)
    return answer


@router.post("/logout")
async def log_out(request: Request, subject: Annotated[Subject, require(None)]) -> Response:
    console = console_of(request)
    now = console.now()
    async with console.database.transaction() as session:
        known = await accounts.session_of(session, request.cookies[SESSION_COOKIE], now)
        if known is not None:
            await phones.release_browser(session, known[0], now)
        await accounts.revoke(session, request.cookies[SESSION_COOKIE], now)
        await audit.record(
            session,
            actor=subject.login,
            role=subject.role,
            action="logout",
            subject=f"user:{subject.login}",
            detail={},
            now=now,
        )
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


@router.post("/language")
async def choose_language(
    request: Request,
    subject: Annotated[Subject, require(None)],
    language: Annotated[str, Form()],
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Chinese with English beside it, or one of them alone."""
    answer = RedirectResponse(local_path(next), 303)
    if language in LANGUAGES:
        _set_cookie(answer, console_of(request), LANGUAGE_COOKIE, language, 365 * 86_400)
    return answer


def _form(
    request: Request,
    next: str,
    login: str = "",
    *,
    problem: str = "",
    values: dict[str, object] | None = None,
    status: int = 200,
) -> HTMLResponse:
    console = console_of(request)
    visitor = request.cookies.get(VISITOR_COOKIE) or secrets.token_urlsafe(24)
    request.state.visitor = visitor
    answer = console.pages.page(
        request,
        "login/page.html",
        status=status,
        next=local_path(next),
        login=login,
        problem=problem,
        problem_values=values or {},
    )
    _set_cookie(answer, console, VISITOR_COOKIE, visitor, 86_400)
    return answer


def _set_cookie(answer: Response, console: Console, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="strict", secure=console.settings.cookie_secure
    )
