"""`hotline drain`: take this machine's node out of service without cutting a call."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    undo: Annotated[bool, typer.Option("--undo", help="Take new callers again.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the last call to end.")] = 3600.0,
) -> None:
    """Refuse new callers (503), serve those who are there, and say when the node is empty."""
    import asyncio

    from hotline.processes.drain import Drain, until_empty
    from hotline.settings import load_settings

    async def work() -> int:
        drain = Drain(load_settings())
        if undo:
            await drain.undo()
            typer.echo("the node takes new callers again")
            return 0
        await drain.begin()
        typer.echo("new callers are refused from now on; those who are here are served to the end")
        return await until_empty(drain, wait, lambda left: typer.echo(f"{left} channels are still up"))

    left = asyncio.run(work())
    if left:
        typer.echo(f"{left} channels were still up after {wait:g} s; run it again to go on waiting, or use --undo")
        raise typer.Exit(1)
    if not undo:
        typer.echo("the node is empty: `hotline down` cuts nobody off")
