"""`hotline ivr`: check a menu, see the dialplan it becomes, apply it, see what was applied, go back."""

from __future__ import annotations

import getpass
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotline.commands.seats import transact

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from ivr.menu import Menus
    from ivr.versions import VersionView

app = typer.Typer(help="Menus of the hotline: check, apply, history, roll back.", no_args_is_help=True)

MenuFile = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="Menu file; the one in the settings if left out.")
]
Note = Annotated[str, typer.Option(help="What changes, for whoever reads the history.")]
WAIT_SECONDS = 30.0
"""So long the node has to take a version before the command gives up waiting; the version stays asked for."""


@app.callback()
def _group() -> None:
    """Menus of the hotline."""


@app.command("check")
def check_command(file: MenuFile = None) -> None:
    """Check a menu file; exit 1 after one line `FILE:LINE: what is wrong` for each problem."""
    menus = _load(file)
    typer.echo(f"{len(menus.menus)} menus, every path ends at a person, the message box, a call-back or a hang-up")


@app.command("render")
def render_command(file: MenuFile = None) -> None:
    """Print the dialplan of a menu file, with prompts named as in ivr/prompts."""
    from ivr.render import render_menus

    typer.echo(render_menus(0, {0: _load(file)}, lambda prompt: prompt), nl=False)


@app.command("apply")
def apply_command(file: Annotated[Path, typer.Argument(help="Menu file.")], note: Note = "", wait: bool = True) -> None:
    """Save a menu file as a new version and let new callers hear it; callers in a menu go on in theirs."""
    from ivr import versions

    _load(file)
    text = file.read_text("utf-8")

    async def save(session: AsyncSession) -> VersionView:
        now = datetime.now(UTC)
        made = await versions.add(session, text, author=getpass.getuser(), note=note, now=now)
        await versions.ask(session, made.number, now=now)
        await _audit(session, "menu.apply", made.number, now)
        return made

    _follow(transact(save).number, wait=wait)


@app.command("rollback")
def rollback_command(
    number: Annotated[int | None, typer.Argument(help="A version; what callers heard before, if left out.")] = None,
    wait: bool = True,
) -> None:
    """Let new callers hear an earlier version again."""
    from ivr import versions

    async def back(session: AsyncSession) -> VersionView:
        wanted = await versions.get(session, number) if number is not None else await versions.previous(session)
        if wanted is None:
            raise versions.VersionError("there is no such version to go back to; `hotline ivr history` lists them")
        now = datetime.now(UTC)
        asked = await versions.ask(session, wanted.number, now=now)
        await _audit(session, "menu.rollback", wanted.number, now)
        return asked

    _follow(transact(back).number, wait=wait)


@app.command("history")
def history_command() -> None:
    """The versions, newest first: which is live, who made it, what could not be applied and why."""
    from hotline.settings import load_settings
    from ivr import versions

    zone = load_settings().zone

    async def read(session: AsyncSession) -> list[VersionView]:
        return list(await versions.history(session))

    for view in transact(read):
        applied = f"{view.applied_at.astimezone(zone):%Y-%m-%d %H:%M}" if view.applied_at else "never"
        typer.echo(f"{view.number:>4}  {view.state:<7}  applied {applied:<16}  {view.author or '-':<12}  {view.note}")
        if view.problem:
            typer.echo(f"      {view.problem}")


@app.command("show")
def show_command(number: Annotated[int, typer.Argument(help="A version.")]) -> None:
    """Print a version's YAML."""
    from ivr import versions

    async def read(session: AsyncSession) -> VersionView | None:
        return await versions.get(session, number)

    view = transact(read)
    if view is None:
        typer.echo(f"there is no menu version {number}; `hotline ivr history` lists them", err=True)
        raise typer.Exit(1)
    typer.echo(view.text, nl=False)


async def _audit(session: AsyncSession, action: str, number: int, now: datetime) -> None:
    from hotline import audit

    await audit.record(
        session, actor=getpass.getuser(), role="command line", action=action, subject=f"menu:{number}", detail={},
        now=now,
    )  # fmt: skip


def _follow(number: int, *, wait: bool) -> None:
    """Wait until the node has taken the version, and say what came of it; exit 1 where it could not."""
    from ivr import versions
    from ivr.versions import VersionState

    async def read(session: AsyncSession) -> VersionView | None:
        return await versions.get(session, number)

    typer.echo(f"version {number} is asked for")
    deadline = time.monotonic() + WAIT_SECONDS
    while wait:
        view = transact(read)
        if view is not None and view.state is VersionState.LIVE:
            typer.echo(f"version {number} is live: new callers hear it, others finish in theirs")
            return
        if view is not None and view.state is VersionState.FAILED:
            typer.echo(f"version {number} could not be applied, the old one stays:\n{view.problem}", err=True)
            raise typer.Exit(1)
        if time.monotonic() > deadline:
            typer.echo("no node has taken it yet; does `hotline up` run? It is taken as soon as one does", err=True)
            raise typer.Exit(1)
        time.sleep(0.5)


def _load(file: Path | None) -> Menus:
    from hotline.settings import load_settings
    from ivr.menu import MenuError
    from ivr.menu_reader import load_menus

    try:
        settings = load_settings()
        return load_menus(file or settings.menu, prompts=settings.prompts)
    except MenuError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
