"""`hotline demo`: the main job, watched."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

LOG_WIDTH = 160
"""Columns for a table that is written to a file or a pipe, which has no width of its own."""

if TYPE_CHECKING:
    from hotline.settings import Settings


def command(
    once: Annotated[
        bool, typer.Option("--once", help="End after the calls; exit 0 only if all are accounted for.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Write what became of each call to this file, as JSON.")] = None,
) -> None:
    """Start the whole system, let four seats and ten callers telephone, and show what came of each call."""
    from hotline.errors import UsageError
    from hotline.settings import load_settings

    if report is not None and not report.parent.is_dir():
        raise UsageError(f"there is no folder {report.parent}; make it first")
    asyncio.run(_until_stopped(load_settings(), once, report))


async def _until_stopped(settings: Settings, once: bool, report: Path | None) -> None:
    """Run it as a task that Ctrl-C, SIGTERM and a closed terminal cancel, so that every process is stopped in order."""
    import signal

    from rich.console import Console

    from hotline.demo.run import run_demo

    console = Console()
    if not console.is_terminal:
        console.width = LOG_WIDTH

    running = asyncio.create_task(run_demo(settings, once=once, report=report, console=console))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        typer.echo("stopped")
        if once:
            raise typer.Exit(1) from None
