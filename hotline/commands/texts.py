"""`hotline texts`: how long letters, faxes and e-mails are kept with their scans, and what was deleted of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from hotline.commands.recordings_keep import reason_of
from hotline.commands.recordings_vault import Json, Vault, shell_user, with_vault

if TYPE_CHECKING:
    from cases.text_certificates import CertificateView
    from cases.text_retention import Decision

Number = Annotated[int, typer.Argument(min=1, help="Number of the text, as its page shows it.")]

app = typer.Typer(help="Texts and their scans: retention, erasure, certificates (D61).", no_args_is_help=True)


@app.command("retention")
def retention_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go, and what is held.")] = False,
    as_json: Json = False,
) -> None:
    """Delete every text whose time is over and that nothing holds; each leaves a certificate."""
    from cases import text_retention

    async def listed(vault: Vault) -> list[Decision]:
        found = text_retention.considered(vault.database, vault.settings, vault.clock)
        now = vault.clock.now()
        return [each async for each in found if each.until is not None and each.until <= now]

    async def run(vault: Vault) -> list[CertificateView]:
        return await text_retention.run(vault.database, vault.objects, vault.settings, vault.clock)

    if dry_run:
        decided = with_vault(listed)
        rows = [{"text": each.entry_id, "rule": each.rule, "held": list(each.held)} for each in decided]
        lines = [f"text {row['text']}  {row['rule']}  {row['held'] or 'would go'}" for row in rows]
    else:
        rows = [{"text": each.entry_id, "rule": each.rule, "certificate": each.id} for each in with_vault(run)]
        lines = [f"deleted  text {row['text']}: {row['rule']} (certificate {row['certificate']})" for row in rows]
    if as_json:
        typer.echo(json.dumps({"texts": rows}, ensure_ascii=False))
        return
    for line in (*lines, f"{len(rows)} texts"):
        typer.echo(line)


@app.command("erase")
def erase_command(
    text: Number, reason: Annotated[str, typer.Option(help="Why, such as the number of the person's request.")]
) -> None:
    """Erase one text's words, sender and scans, with a certificate; its order stays. Held ones are refused."""
    why = reason_of(reason)

    async def work(vault: Vault) -> CertificateView:
        from cases import text_removal
        from cases.text_removal import Wish
        from recordings.erase import ON_REQUEST

        wish = Wish(text, ON_REQUEST, shell_user(), "administrator", why)
        return await text_removal.remove(vault.database, vault.objects, vault.clock, wish)

    done = with_vault(work)
    typer.echo(f"erased: text {text}, {len(done.files)} files")
    typer.echo(f"certificate {done.id}, digest {done.digest}, entry {done.audit_seq} of the audit")


@app.command("certificate")
def certificate_command(text: Number, as_json: Json = False) -> None:
    """Show what was deleted of a text; exits 1 where that is nothing, or a certificate no longer fits the audit."""

    async def work(vault: Vault) -> list[tuple[CertificateView, bool]]:
        from cases import text_certificates

        async with vault.database.transaction() as session:
            found = await text_certificates.of_entry(session, text)
            return [(each, await text_certificates.genuine(session, each)) for each in found]

    found = with_vault(work)
    rows = [
        {
            "certificate": each.id, "text": each.entry_id, "scan": str(each.scan_id) if each.scan_id else None,
            "files": each.files, "rule": each.rule, "reason": each.reason, "by": each.actor,
            "at": each.at.isoformat(), "audit_entry": each.audit_seq, "digest": each.digest, "genuine": genuine,
        }
        for each, genuine in found
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps({"certificates": rows}, ensure_ascii=False))
    else:
        for row in rows:
            for name, value in row.items():
                typer.echo(f"{name:<12} {value}")
        if not rows:
            typer.echo(f"nothing of text {text} was deleted with a certificate")
    if not rows or not all(genuine for _, genuine in found):
        raise typer.Exit(1)
