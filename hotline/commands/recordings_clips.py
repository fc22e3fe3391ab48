"""`hotline recordings export`, `check-clip` and `clip-key`: copies that leave the house, and their certificates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotline.commands.recordings_vault import shell_user, with_settings, with_vault

if TYPE_CHECKING:
    from hotline.commands.recordings_vault import Vault
    from recordings.clip_check import ClipReport
    from recordings.clips import Clip

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def export_command(
    call: Annotated[str, typer.Argument(help="Uniqueid of the call, such as n1-1763700000.7.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder to write clip and certificate into.")],
    reason: Annotated[str, typer.Option(help="Why, and for whom; stands in the certificate and in the audit.")],
    start: Annotated[
        float | None, typer.Option("--from", min=0, help="First second; the beginning if left out.")
    ] = None,
    end: Annotated[float | None, typer.Option("--to", min=0, help="Last second; the end if left out.")] = None,
    form: Annotated[str, typer.Option("--format", help="flac or wav.")] = "flac",
    clear: Annotated[bool, typer.Option(help="With card numbers and passwords in it.")] = False,
    as_json: Json = False,
) -> None:
    """Take a copy of a recording out, whole or in part, with a signed certificate; audited."""
    from recordings.clips import By, Form, Wish, export

    if form not in set(Form):
        raise typer.BadParameter("choose flac or wav", param_hint="--format")
    out.mkdir(parents=True, exist_ok=True)
    wish = Wish(call, reason, start, end, Form(form), clear)

    async def work(vault: Vault) -> Clip:
        by = By(shell_user(), "command line")
        return await export(vault.database, vault.objects, vault.settings, by, wish, folder=out, now=vault.clock.now())

    made = with_vault(work)
    if as_json:
        files = {"clip": str(made.sound), "certificate": str(made.certificate), "page": str(made.page)}
        typer.echo(json.dumps(files | {"statement": made.statement.facts}, ensure_ascii=False))
        return
    for path in (made.sound, made.certificate, made.page):
        typer.echo(str(path))


def check_clip_command(
    clip: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The copy, FLAC or WAV.")],
    certificate: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Its .certificate.json.")],
    alone: Annotated[bool, typer.Option(help="Without the store: signature and file only.")] = False,
    as_json: Json = False,
) -> None:
    """Hold a copy against its certificate, the audit chain and the stored original; exits 1 when something is wrong."""
    from recordings.clip_check import ClipReport, check, check_alone

    async def work(vault: Vault) -> ClipReport:
        return await check(vault.database, vault.objects, vault.settings, clip, certificate)

    report = ClipReport(tuple(check_alone(clip, certificate)[2])) if alone else with_vault(work)
    if as_json:
        found = [{"name": each.name, "good": each.good, "detail": each.detail} for each in report.findings]
        typer.echo(json.dumps({"sound": report.sound, "findings": found}, ensure_ascii=False))
    else:
        words = {True: "good", False: "WRONG", None: "unknown"}
        for each in report.findings:
            typer.echo(f"{words[each.good]:<8}{each.name:<10}{each.detail}")
    if not report.sound:
        raise typer.Exit(1)


def clip_key_command() -> None:
    """Print the fingerprint of the key that signs certificates: publish it where a court can find it."""
    from recordings.clip_certificates import fingerprint

    typer.echo(with_settings(fingerprint))
