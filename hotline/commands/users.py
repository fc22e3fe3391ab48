"""`hotline users`: people, their roles and passwords."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

app = typer.Typer(help="People, their roles and passwords.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="What the person types to log in, such as li.na.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", help="File with the password, or `-`; else it is asked."),
]


@app.command("add")
def add_command(
    login: Login,
    role: Annotated[str, typer.Option(help="One of the roles that `hotline users roles` shows.")],
    name: Annotated[str, typer.Option(help="The person's name, as others see it.")],
    seat: Annotated[str | None, typer.Option(help="Extension of the person's seat, for roles that take calls.")] = None,
    password_file: PasswordFile = None,
) -> None:
    """Add a person."""
    from hotline import accounts
    from hotline.errors import UsageError
    from hotline.roles import Role

    if role not in set(Role):
        raise UsageError(f"there is no role {role!r}; the roles are {', '.join(Role)}")
    password = _password(password_file)

    async def add(session: AsyncSession, now: datetime) -> None:
        await accounts.create_user(
            session, login=login, name=name, role=Role(role), password=password, seat=seat, now=now
        )
        await _note(session, "user.add", login, {"role": role, "seat": seat}, now)

    _do(add)
    typer.echo(f"added {login} ({role})")


@app.command("list")
def list_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Show everybody."""
    from hotline import accounts

    async def read(session: AsyncSession, now: datetime) -> list[dict[str, Any]]:
        return [
            {"login": user.login, "name": user.name, "role": user.role, "seat": user.seat, "disabled": user.disabled}
            for user in await accounts.list_users(session)
        ]

    rows = _do(read)
    if as_json:
        typer.echo(json.dumps({"users": rows}, ensure_ascii=False))
        return
    for row in rows:
        closed = "  (closed)" if row["disabled"] else ""
        typer.echo(f"{row['login']:<20}{row['role']:<18}{row['seat'] or '-':<8}{row['name']}{closed}")


@app.command("roles")
def roles_command() -> None:
    """Show what each role may do."""
    from hotline.roles import ALLOWED

    for role, actions in ALLOWED.items():
        typer.echo(f"{role:<18}{', '.join(sorted(actions))}")


@app.command("password")
def password_command(login: Login, password_file: PasswordFile = None) -> None:
    """Give a person a new password; every open log-in of theirs ends."""
    from hotline import accounts

    password = _password(password_file)

    async def change(session: AsyncSession, now: datetime) -> None:
        await accounts.set_password(session, login, password, now)
        await _note(session, "user.password", login, {}, now)

    _do(change)
    typer.echo(f"{login} has a new password")


@app.command("close")
def close_command(login: Login) -> None:
    """Close an account; every open log-in of it ends."""
    _set_disabled(login, True)
    typer.echo(f"{login} is closed")


@app.command("reopen")
def reopen_command(login: Login) -> None:
    """Open a closed account again."""
    _set_disabled(login, False)
    typer.echo(f"{login} is open again")


def _set_disabled(login: str, disabled: bool) -> None:
    from hotline import accounts

    async def change(session: AsyncSession, now: datetime) -> None:
        await accounts.set_disabled(session, login, disabled, now)
        await _note(session, "user.close" if disabled else "user.reopen", login, {}, now)

    _do(change)


async def _note(session: AsyncSession, action: str, login: str, detail: dict[str, Any], now: datetime) -> None:
    """What is done from the command line is done by whoever has the machine."""
    import getpass

    from hotline import audit

    await audit.record(
        session, actor=f"shell:{getpass.getuser()}", role="administrator", action=action, subject=login,
        detail=detail, now=now,
    )  # fmt: skip


def _do(work: Callable[[AsyncSession, datetime], Awaitable[Any]]) -> Any:
    from hotline.clock import SystemClock
    from hotline.connect import opened
    from hotline.settings import load_settings

    async def run() -> Any:
        async with opened(load_settings()) as database, database.transaction() as session:
            return await work(session, SystemClock().now())

    return asyncio.run(run())


def _password(file: Path | None) -> str:
    if file is None:
        if not sys.stdin.isatty():
            from hotline.errors import UsageError

            raise UsageError("there is no terminal to ask for the password; give --password-file")
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    return text.rstrip("\r\n")
