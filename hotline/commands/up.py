"""`hotline up`: the whole system on this machine until Ctrl-C."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hotline.settings import Settings


def command(
    only: Annotated[
        list[str] | None, typer.Option(metavar="PART", help="Only this part, and the database (may be given again).")
    ] = None,
) -> None:
    """Start database, Asterisk, controller, worker and console, and stay until Ctrl-C or `hotline down`."""
    from hotline.errors import UsageError
    from hotline.processes.supervisor import ORDER
    from hotline.settings import load_settings

    unknown = set(only or []) - set(ORDER)
    if unknown:
        raise UsageError(f"there is no part {unknown.pop()!r}; the parts are {', '.join(ORDER)}")
    asyncio.run(_up(load_settings(), [part for part in ORDER if not only or part in only]))


async def _up(settings: Settings, parts: list[str]) -> None:
    import signal

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(_serve(settings, parts))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        serving.cancel()  # also while it starts: what was started is stopped again
    try:
        await serving
    except asyncio.CancelledError:
        typer.echo("stopped")


async def _serve(settings: Settings, parts: list[str]) -> None:
    from hotline.processes.supervisor import running

    async with running(settings, parts, progress=lambda line: typer.echo(f"  {line}")) as system:
        asterisk = system.settings.asterisk
        typer.echo(f"console     {system.web_url}")
        typer.echo(f"callers     sip:{asterisk.access_numbers[0]}@{asterisk.bind}:{asterisk.sip_port}")
        typer.echo(f"logs        {system.settings.instance_dir / 'log'}")
        typer.echo("Ctrl-C stops everything")
        await asyncio.Event().wait()
