"""`hotline db`: the schema of the database."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(help="The database's schema.", no_args_is_help=True)


@app.command("upgrade")
def upgrade_command(revision: Annotated[str, typer.Argument(help="Where to.")] = "head") -> None:
    """Bring the database to this version's schema; nothing to do is fine."""
    from hotline.connect import usable_url
    from hotline.migrations import runner
    from hotline.settings import load_settings

    with usable_url(load_settings()) as url:
        runner.upgrade(url, revision)
        typer.echo(f"the database is at {runner.current(url)[0]}")


@app.command("downgrade")
def downgrade_command(
    revision: Annotated[str, typer.Argument(help="Where to; `base` empties the database.")],
    sure: Annotated[bool, typer.Option("--yes", help="Really: what the undone steps hold is lost.")] = False,
) -> None:
    """Undo migrations; what they hold is lost."""
    from hotline.errors import UsageError

    if not sure:
        raise UsageError("a downgrade throws data away; say so with --yes")
    from hotline.connect import usable_url
    from hotline.migrations import runner
    from hotline.settings import load_settings

    with usable_url(load_settings()) as url:
        runner.downgrade(url, revision)
        typer.echo(f"the database is at {runner.current(url)[0] or 'nothing'}")


@app.command("check")
def check_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Compare the database with this version; exits 1 when it is behind or differs."""
    from hotline.connect import usable_url
    from hotline.migrations import runner
    from hotline.settings import load_settings

    with usable_url(load_settings()) as url:
        revision, wanted = runner.current(url)
        found = runner.differences(url) if revision == wanted else []
    if as_json:
        typer.echo(json.dumps({"revision": revision, "wanted": wanted, "differences": found}))
    elif revision != wanted:
        typer.echo(f"the database is at {revision or 'nothing'} and this version wants {wanted}: `hotline db upgrade`")
    else:
        for line in found:
            typer.echo(line)
        typer.echo(f"at {revision}, {len(found)} differences")
    if revision != wanted or found:
        raise typer.Exit(1)
