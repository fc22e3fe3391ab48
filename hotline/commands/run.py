"""`hotline run PART`: one part in the foreground."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    part: Annotated[str, typer.Argument(help="asterisk, controller, worker or web.")],
) -> None:
    """Run one part in the foreground until SIGTERM or Ctrl-C, as a container does."""
    from hotline.processes.part import main
    from hotline.settings import load_settings

    main(part, load_settings())
