"""Handlers of the menus: the versions, one of them, writing a new one, applying it, going back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import Answer, require
from console.errors import N_, Missing
from console.labels import SERVICES
from console.menus.page import MARKS, STATES, Checked, check, fitted
from console.state import console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from ivr import versions
from ivr.menu_yaml import MOST_BYTES
from ivr.versions import VersionError, VersionState, VersionView
from transcribe.masking import masked_text

router = APIRouter(prefix="/menus")
NOTE = 200
"""Characters of a note."""

CANNOT = N_("This version is live, or being applied already. The page shows how things stand.")
NO_VERSION = N_("There is no version to go back to.")


@router.get("")
async def menus_page(request: Request, subject: Annotated[Subject, require(Action.MENU_VIEW)]) -> Response:
    return await _page(request, "")


@router.get("/state")
async def state(request: Request, subject: Annotated[Subject, require(Action.MENU_VIEW, Answer.DATA)]) -> HTMLResponse:
    """The table of versions, asked for while one is being applied; the page is loaded anew once that is over."""
    console = console_of(request)
    values = await _values(request)
    answer = console.pages.page(request, "menus/state.html", **values)
    if values["asked"] is None:
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.get("/new")
async def write(
    request: Request, subject: Annotated[Subject, require(Action.MENU_MANAGE)], of: int | None = None
) -> Response:
    """A text area with the live version, or with another one to begin from."""
    console = console_of(request)
    async with console.database.transaction() as session:
        base = await versions.get(session, of) if of is not None else await _live(session)
    text = base.text if base else console.settings.menu.read_text("utf-8")
    return _writing(request, text, "", base.number if base else 0)


@router.post("/new")
async def save(
    request: Request,
    *,
    subject: Annotated[Subject, require(Action.MENU_MANAGE)],
    do: Annotated[str, Form()],
    text: Annotated[str, Form()] = "",
    note: Annotated[str, Form(max_length=NOTE)] = "",
    base: Annotated[int, Form()] = 0,
) -> Response:
    """Check the text; where that is what was asked for or something is wrong, show it again with nothing lost."""
    console = console_of(request)
    written = text.replace("\r\n", "\n")
    checked = check(written, console.settings)
    if do == "check" or checked.drawing is None:
        return _writing(
            request, written, note, base, checked=checked, status=200 if checked.drawing is not None else 422
        )
    now = console.now()
    async with console.database.transaction() as session:
        made = await versions.add(session, written, author=subject.login, note=masked_text(note.strip()), now=now)
        await _record(request, session, subject, "menu.save", made.number)
    return RedirectResponse(f"/menus/{made.number}", 303)


@router.post("/rollback")
async def roll_back(request: Request, subject: Annotated[Subject, require(Action.MENU_MANAGE)]) -> Response:
    """Let new callers hear again what they heard before the live version."""
    console = console_of(request)
    async with console.database.transaction() as session:
        back = await versions.previous(session)
        if back is not None:
            await versions.ask(session, back.number, now=console.now())
            await _record(request, session, subject, "menu.rollback", back.number)
    return RedirectResponse("/menus", 303) if back is not None else await _page(request, NO_VERSION, 409)


@router.get("/{version}")
async def version_page(
    request: Request, version: int, subject: Annotated[Subject, require(Action.MENU_VIEW)]
) -> Response:
    """One version: its drawing, its text, and what became of it."""
    console = console_of(request)
    async with console.database.transaction() as session:
        view = await versions.get(session, version)
    if view is None:
        raise Missing
    checked = check(view.text, console.settings)
    return console.pages.page(request, "menus/version.html", view=view, states=STATES, **_drawn(checked))


@router.post("/{version}/apply")
async def apply(request: Request, version: int, subject: Annotated[Subject, require(Action.MENU_MANAGE)]) -> Response:
    """Ask for a version; the node takes it within seconds and the page shows what came of it."""
    console = console_of(request)
    async with console.database.transaction() as session:
        view = await versions.get(session, version)
        if view is None:
            raise Missing
        try:
            await versions.ask(session, version, now=console.now())
        except VersionError:
            return await _page(request, CANNOT, 409)
        action = "menu.rollback" if view.state is VersionState.PAST else "menu.apply"
        await _record(request, session, subject, action, version)
    return RedirectResponse("/menus", 303)


async def _page(request: Request, problem: str, status: int = 200) -> Response:
    console = console_of(request)
    values = await _values(request)
    live: VersionView | None = values["live"]
    drawn = _drawn(check(live.text, console.settings)) if live is not None else _drawn(None)
    return console.pages.page(request, "menus/list.html", status=status, problem=problem, **values, **drawn)


async def _values(request: Request) -> dict[str, Any]:
    async with console_of(request).database.transaction() as session:
        return {
            "live": await _live(session),
            "asked": await versions.in_state(session, VersionState.ASKED),
            "back": await versions.previous(session),
            "versions": await versions.history(session),
            "states": STATES,
        }


async def _live(session: AsyncSession) -> VersionView | None:
    return await versions.in_state(session, VersionState.LIVE)


def _drawn(checked: Checked | None) -> dict[str, Any]:
    return {"checked": checked, "marks": MARKS, "fitted": fitted, "services": SERVICES}


def _writing(
    request: Request, text: str, note: str, base: int, *, checked: Checked | None = None, status: int = 200
) -> Response:
    values: dict[str, Any] = {"text": text, "note": note, "base": base, "longest": MOST_BYTES, "note_length": NOTE}
    return console_of(request).pages.page(request, "menus/write.html", status=status, **values, **_drawn(checked))


async def _record(request: Request, session: AsyncSession, subject: Subject, action: str, number: int) -> None:
    await audit.record(
        session, actor=subject.login, role=subject.role, action=action, subject=f"menu:{number}", detail={},
        now=console_of(request).now(),
    )  # fmt: skip
