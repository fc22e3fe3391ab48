"""How errors reach people: a page in their words, or one line of JSON for data requests."""

from __future__ import annotations

import traceback
from urllib.parse import quote, urlsplit

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.access import local_path, subject_of
from console.errors import N_, Broken, ConsoleError, Forbidden, Forged, LoginNeeded, Missing, Unavailable
from console.state import console_of
from hotline.roles import Denied

log = structlog.get_logger(__name__)

HEADINGS = {
    401: N_("Log in first"),
    403: N_("Not allowed"),
    404: N_("Not found"),
    500: N_("Something failed"),
    503: N_("Out of reach for a moment"),
}


def install(app: FastAPI) -> None:
    """Hang the handlers on the application."""
    app.add_exception_handler(ConsoleError, _console_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Denied, _denied)
    app.add_exception_handler(OperationalError, _database_away)
    app.add_exception_handler(PoolTimeout, _database_away)


async def _console_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ConsoleError)
    if isinstance(error, LoginNeeded) and error.redirect:
        return _to_login(request)
    if isinstance(error, Forbidden | Forged):
        subject = getattr(request.state, "subject", None)
        log.info("console.refused", code=error.code, route=_route(request), role=subject.role if subject else "")
    return await answer(request, error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, ConsoleError):  # raised while the framework read the body
        return await answer(request, error.__cause__)
    if error.status_code == Missing.status:
        return await answer(request, Missing())
    response = await answer(request, ConsoleError(), error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _denied(request: Request, error: Exception) -> Response:
    """A room refused what the route let through: its own table is the same, so this says no more than the page."""
    assert isinstance(error, Denied)
    return await answer(request, Forbidden())


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if any(problem["loc"][0] == "path" for problem in error.errors()):
        return await answer(request, Missing())
    return await answer(request, ConsoleError(), 422)


async def _database_away(request: Request, error: Exception) -> Response:
    log.warning("console.database_away", route=_route(request), error=type(error).__name__)
    if isinstance(error, DBAPIError) and not isinstance(error, OperationalError):
        return await answer(request, Broken())
    return await answer(request, Unavailable())


class LastResort:
    """ASGI middleware for what no handler expected: a page, and a log line that says where.

    The error's message is left out of the log: a database error quotes the values of the row, and those are people's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched_send)
        except Exception as error:
            if scope["type"] != "http":
                raise
            request = Request(scope, receive)
            frames = [
                f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
            ]
            name = type(error).__name__
            log.error("console.failed", route=_route(request), error=name, frames=frames[-6:])  # noqa: TRY400 - see above
            if not started:
                await (await answer(request, Broken()))(scope, receive, send)


async def answer(request: Request, error: ConsoleError, status: int | None = None) -> Response:
    """The error as a page, as JSON for data routes, or as a toast for htmx."""
    code = status or error.status
    if request.headers.get("accept", "").startswith("application/json") or _is_data(request):
        return JSONResponse({"error": error.code, "message": error.text}, code)
    console = console_of(request)
    subject = None
    if not isinstance(error, Unavailable | Broken | Forged) and not hasattr(request.state, "subject"):
        subject = await subject_of(request)
    request.scope.setdefault("state", {}).setdefault("nonce", "")
    return console.pages.page(
        request,
        "templates/error.html",
        status=code,
        subject=subject,
        heading=HEADINGS.get(code, N_("This could not be done")),
        text=error.text,
        code=error.code,
        now=console.now(),
    )


def _to_login(request: Request) -> Response:
    """To the log-in and back: a GET returns to itself, a form to the page that it was on."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        target = urlsplit(request.headers.get("referer", "")).path or "/"
    if request.headers.get("hx-request"):
        target = urlsplit(request.headers.get("hx-current-url", "")).path or "/"
    where = "/login" if target == "/" else f"/login?next={quote(local_path(target))}"
    if request.headers.get("hx-request"):
        return Response(status_code=200, headers={"HX-Redirect": where})
    return RedirectResponse(where, 303)


def _is_data(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "text/html" not in accept and request.url.path.endswith(("/audio", "/peaks", "/stream", "/metrics"))


def _route(request: Request) -> str:
    """The route's pattern, never the address: an address may carry what a person typed."""
    return getattr(request.scope.get("route"), "path", "unknown")
