"""`hotline ivr`: check a menu file, and see the dialplan it becomes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ivr.menu import Menus

app = typer.Typer(help="Menus of the hotline: check a file, see the dialplan it becomes.")

MenuFile = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="Menu file; the one in the settings if left out.")
]


@app.callback()
def _group() -> None:
    """Menus of the hotline."""


@app.command("check")
def check_command(file: MenuFile = None) -> None:
    """Check a menu file; exit 1 after one line `FILE:LINE: what is wrong` for each problem."""
    menus = _load(file)
    typer.echo(f"{len(menus.menus)} menus, every path ends at a person, the message box or a hang-up")


@app.command("render")
def render_command(file: MenuFile = None) -> None:
    """Print the dialplan of a menu file, with prompts named as in ivr/prompts."""
    from ivr.render import render_menus

    typer.echo(render_menus(_load(file), lambda prompt: prompt), nl=False)


def _load(file: Path | None) -> Menus:
    from hotline.settings import load_settings
    from ivr.menu import MenuError, load_menus

    try:
        settings = load_settings()
        return load_menus(file or settings.menu, prompts=settings.prompts)
    except MenuError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
