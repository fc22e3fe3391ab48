"""`hotline recordings verify`: everything read back, and every recording held against the audit chain."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from hotline.commands.recordings_vault import Json, Vault, read_back, scrub_values, show_scrub, with_vault

if TYPE_CHECKING:
    from hotline.audit import AuditReport
    from recordings.noting import Mismatch

STRANGE = "no row knows it; `hotline recordings reconcile` takes up a recording's, and what is not ours let nobody open"


@dataclass(frozen=True)
class Proof:
    """What the audit says: of itself, of the recordings, and how many it does not carry yet."""

    chain: AuditReport
    mismatches: tuple[Mismatch, ...]
    waiting: int
    keys: tuple[str, ...]
    """What is wrong with day keys, a sentence each."""
    strangers: tuple[str, ...]
    """Keys of objects that no row knows."""

    @property
    def sound(self) -> bool:
        return self.chain.sound and not self.mismatches and not self.keys and not self.strangers


def verify_command(as_json: Json = False) -> None:
    """Read everything stored back now and hold every recording against the audit; exits 1 when anything is wrong."""
    from recordings.sound_files import printable

    report = read_back(None, None, anew=True, quiet=as_json)
    proof = with_vault(_prove)
    if as_json:
        values = scrub_values(report) | {
            "chain": [each.message for each in proof.chain.problems],
            "differ": [{"call": each.call_uid, "detail": each.detail} for each in proof.mismatches],
            "not_in_the_audit_yet": proof.waiting,
            "keys": list(proof.keys),
            "strangers": list(proof.strangers),
        }
        typer.echo(json.dumps(values, ensure_ascii=False))
    else:
        show_scrub(report)
        for found in proof.mismatches:
            typer.echo(f"differs  {found.call_uid}: {found.detail}")
        for sentence in proof.keys:
            typer.echo(f"key      {sentence}")
        for key in proof.strangers:
            typer.echo(f"strange  {printable(key)}: {STRANGE}")
        for problem in proof.chain.problems:
            typer.echo(f"audit    {problem.message}")
        waiting = f", {proof.waiting} not in it yet" if proof.waiting else ""
        typer.echo(
            f"{len(proof.mismatches)} recordings differ from the audit{waiting};"
            f" the chain is {'whole' if proof.chain.sound else 'not whole'} ({proof.chain.checked} entries)"
        )
    if report.damaged or not proof.sound:
        raise typer.Exit(1)


async def _prove(vault: Vault) -> Proof:
    from hotline import anchors, audit
    from recordings import noting, scrub

    keys = tuple(await vault.objects.keys.damaged_keys())
    strangers = tuple(await scrub.strangers(vault.database, vault.objects, vault.clock))
    async with vault.database.transaction() as session:
        chain = await audit.verify(session, anchors.read(anchors.path(vault.settings)))
        found = {each.call_uid: each async for each in noting.mismatches(session)}
        return Proof(chain, tuple(found.values()), await noting.outstanding(session), keys, strangers)
