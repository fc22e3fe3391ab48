"""`hotline doctor`: what is there, what is missing, and the one command that mends it."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Check everything this machine needs; exits 1 when something needed is missing."""
    from hotline.settings import load_settings

    settings = load_settings()
    from hotline.processes.doctor import examine  # every room's packages: after what can go wrong quickly

    findings = examine(settings)
    missing = [finding for finding in findings if finding.needed and not finding.ok]
    if as_json:
        rows = [
            {"name": each.name, "ok": each.ok, "needed": each.needed, "detail": each.detail, "mend": each.mend}
            for each in findings
        ]
        typer.echo(json.dumps({"ok": not missing, "checks": rows}, ensure_ascii=False))
    else:
        width = max(len(each.name) for each in findings)
        for each in findings:
            state = "ok     " if each.ok else "MISSING" if each.needed else "absent "
            typer.echo(f"{state}  {each.name:<{width}}  {each.detail}")
            if not each.ok and each.mend:
                typer.echo(f"{'':9}{'':<{width}}  mend it with: {each.mend}")
        typer.echo("nothing needed is missing" if not missing else f"{len(missing)} needed things are missing")
    if missing:
        raise typer.Exit(1)
