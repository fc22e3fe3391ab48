"""`hotline seats`: add and remove seats, see their state, and press their keys from the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from acd.words import Level, Service, usual

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")
Extension = Annotated[str, typer.Argument(help="The seat's extension, such as 8001.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]

app = typer.Typer(help="Seats: add, list, log in, ready, break, log out.", no_args_is_help=True)


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """Every seat with its level, skills and state, and who controls."""
    from acd import floor

    async def read(session: AsyncSession) -> floor.FloorView:
        return await floor.snapshot(session, datetime.now(UTC))

    view = transact(read)
    if as_json:
        seats: list[dict[str, Any]] = [
            {
                "extension": seat.extension, "name": seat.name, "level": seat.level, "skills": dict(seat.skills),
                "state": seat.state, "seconds": round(seat.seconds, 1), "reachable": seat.reachable,
                "break_reason": seat.break_reason, "call": seat.call_uid,
            }
            for seat in view.seats
        ]  # fmt: skip
        typer.echo(json.dumps({"seats": seats, "leader": view.leader}, ensure_ascii=False))
        return
    for seat in view.seats:
        phone = "" if seat.reachable else "  (no telephone registered)"
        reason = f" {seat.break_reason}" if seat.break_reason else ""
        skills = ",".join(f"{service}:{level}" for service, level in seat.skills.items())
        typer.echo(
            f"{seat.extension:<9}{seat.level:<8}{seat.state}{reason} {seat.seconds:.0f} s  {skills}  {seat.name}{phone}"
        )
    if not view.seats:
        typer.echo("no seats yet; add one with `hotline seats add 8001 --name NAME`")
    typer.echo(f"controller: {view.leader or 'none leads'}")


@app.command("add")
def add_command(
    extension: Extension,
    name: Annotated[str, typer.Option(help="Who sits there.")] = "",
    level: Annotated[Level, typer.Option(help="What it is staffed with.")] = Level.JUNIOR,
    skill: Annotated[
        list[Service] | None, typer.Option(help="A service it answers; repeat for more. Default: all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Add a seat and print its SIP log-in; a running node knows it within seconds."""
    from acd import desk

    async def add(session: AsyncSession) -> desk.SeatAccount:
        return await desk.add_seat(
            session,
            extension,
            name=name or extension,
            level=level,
            skills=usual(skill or Service),
            now=datetime.now(UTC),
        )

    account = transact(add)
    if as_json:
        typer.echo(json.dumps({"extension": account.extension, "sip_secret": account.secret}))
    else:
        typer.echo(f"seat {account.extension} added; its telephone logs in with secret {account.secret}")


@app.command("remove")
def remove_command(extension: Extension) -> None:
    """Remove a seat that is logged out or on break."""
    from acd import desk

    transact(lambda session: desk.remove_seat(session, extension))
    typer.echo(f"seat {extension} removed")


@app.command("login")
def login_command(extension: Extension) -> None:
    """The agent sits down (not ready yet)."""
    from acd import desk

    _press(extension, lambda session: desk.log_in(session, extension, datetime.now(UTC)))


@app.command("ready")
def ready_command(extension: Extension) -> None:
    """Take calls from now on."""
    from acd import desk

    _press(extension, lambda session: desk.ready(session, extension, datetime.now(UTC)))


@app.command("break")
def break_command(extension: Extension, reason: Annotated[str, typer.Argument(help="Why, such as 'lunch'.")]) -> None:
    """Go on a break; during a call it begins when the call is over."""
    from acd import desk

    _press(extension, lambda session: desk.take_break(session, extension, reason, datetime.now(UTC)))


@app.command("logout")
def logout_command(extension: Extension) -> None:
    """The agent leaves."""
    from acd import desk

    _press(extension, lambda session: desk.log_out(session, extension, datetime.now(UTC)))


def _press(extension: str, key: Callable[[AsyncSession], Awaitable[Any]]) -> None:
    seat = transact(key)
    typer.echo(f"seat {extension} is {seat.state.value.replace('_', ' ')}")


def transact(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Run `work` in one transaction on the installation's database."""
    from hotline.connect import opened
    from hotline.secrets import complete
    from hotline.settings import load_settings

    async def inside() -> T:
        async with opened(complete(load_settings())) as database, database.transaction() as session:
            return await work(session)

    return asyncio.run(inside())
