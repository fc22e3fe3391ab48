"""`hotline up`: the whole system on this machine until Ctrl-C."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from hotline.settings import Settings


def command() -> None:
    """Start database, Asterisk, controller, worker and console, and stay until Ctrl-C or `hotline down`."""
    from hotline.settings import load_settings

    asyncio.run(_up(load_settings()))


async def _up(settings: Settings) -> None:
    import signal

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(_serve(settings))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        serving.cancel()  # also while it starts: what was started is stopped again
    try:
        await serving
    except asyncio.CancelledError:
        typer.echo("stopped")


async def _serve(settings: Settings) -> None:
    from hotline.processes.supervisor import running

    async with running(settings, progress=lambda line: typer.echo(f"  {line}")) as system:
        asterisk = system.settings.asterisk
        typer.echo(f"console     {system.web_url}")
        typer.echo(f"callers     sip:{asterisk.access_numbers[0]}@{asterisk.bind}:{asterisk.sip_port}")
        typer.echo(f"logs        {system.settings.instance_dir / 'log'}")
        typer.echo("Ctrl-C stops everything")
        await asyncio.Event().wait()
