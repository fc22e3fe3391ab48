"""`hotline down`: stop what `hotline up` started, and whatever an earlier one left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from hotline.settings import Settings

_PATIENCE_SECONDS = 90.0


def command() -> None:
    """Stop this instance; no process is left."""
    import os
    import signal
    import time

    from hotline.errors import HotlineError
    from hotline.processes.supervisor import supervisor_pid
    from hotline.settings import load_settings

    settings = load_settings()
    pid = supervisor_pid(settings)
    if pid is None:
        typer.echo("stopped what was left behind" if _leftovers(settings) else "nothing was running")
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while supervisor_pid(settings) == pid:
        if time.monotonic() > deadline:
            raise HotlineError(f"the supervisor (process {pid}) does not stop; see {settings.instance_dir / 'log'}")
        time.sleep(0.1)
    _leftovers(settings)
    typer.echo("stopped")


def _leftovers(settings: Settings) -> bool:
    """End an Asterisk and a database whose supervisor is gone; whether there were any."""
    from hotline.embedded import EmbeddedPostgres
    from hotline.processes.asterisk import stop_left_over
    from ivr.errors import NoAsteriskError
    from ivr.paths import NodePaths

    found = EmbeddedPostgres(settings.instance_dir).stop_left_over()
    try:
        return stop_left_over(NodePaths.of(settings)) or found
    except NoAsteriskError:
        return found
