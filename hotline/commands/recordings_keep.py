"""`hotline recordings retention|erase|hold|release|certificate`: how long recordings are kept, and what is deleted."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from hotline.commands.recordings_vault import Json, Vault, shell_user, with_vault

if TYPE_CHECKING:
    from recordings.certificates import CertificateView
    from recordings.retire import Considered

Call = Annotated[str, typer.Argument(help="Uniqueid of the call, such as n1-1763700000.7.")]
LONGEST_REASON = 500


class ByHand(StrEnum):
    """Holds that a person sets."""

    MANUAL = "manual"
    APPEAL = "appeal"


def retention_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go, and what is held.")] = False,
    as_json: Json = False,
) -> None:
    """Delete every recording whose time is over and that nothing holds; each leaves a certificate."""
    if dry_run:
        _list_due(as_json)
        return
    from recordings import retire

    async def work(vault: Vault) -> list[CertificateView]:
        return await retire.run(vault.database, vault.objects, vault.settings, vault.clock)

    written = with_vault(work)
    if as_json:
        typer.echo(json.dumps({"deleted": [{"call": each.call_uid, "rule": each.rule} for each in written]}))
        return
    for each in written:
        typer.echo(f"deleted  {each.call_uid}: {each.rule} (certificate {each.id})")
    typer.echo(f"{len(written)} recordings deleted")


def erase_command(
    call: Call,
    reason: Annotated[str, typer.Option(help="Why, such as the number of the person's request; kept for good.")],
    override: Annotated[bool, typer.Option("--override", help="Although it is held; needs --by a manager.")] = False,
    by: Annotated[str, typer.Option(metavar="LOGIN", help="The manager who overrides the hold.")] = "",
) -> None:
    """Erase one call's recording and what was recorded beside it, all that was made of them and the words of their
    transcripts, with certificates."""
    from hotline.errors import UsageError

    why = reason_of(reason)
    if override != bool(by):
        raise UsageError("--override and --by go together: a manager answers for it")

    async def work(vault: Vault) -> list[CertificateView]:
        from recordings import erase
        from recordings.erase import ON_REQUEST, Wish

        actor, role = shell_user(), "administrator"
        if override:
            role = await _manager(vault, by)
            actor = f"{by} ({actor})"
        wish = Wish(call, "on_request", ON_REQUEST, actor, role, why, override=override)
        return await erase.erase_call(vault.database, vault.objects, vault.clock, wish)

    for done in with_vault(work):
        typer.echo(f"erased: {done.object_key}, {done.seconds:.1f} s, sha256 {done.sha256}")
        typer.echo(f"certificate {done.id}, digest {done.digest}, entry {done.audit_seq} of the audit")


def hold_command(
    call: Call,
    reason: Annotated[str, typer.Option(help="For what it is held; the same text releases it.")],
    kind: Annotated[ByHand, typer.Option(help="An appeal's end gives the recording its days anew.")] = ByHand.MANUAL,
) -> None:
    """Keep a call's recording, or the text `text:17`, until the hold is released, whatever its class says."""
    why = reason_of(reason)

    async def work(vault: Vault) -> None:
        from hotline import audit
        from recordings import holds, store
        from recordings.errors import NoRecording
        from recordings.holds import HoldReason

        async with vault.database.transaction() as session:
            if (text := _text(call)) is not None:
                from cases import text_entries

                await text_entries.get(session, text)
            elif await store.get(session, call) is None:
                raise NoRecording(f"call {call[:80]} has no stored recording")
            await holds.hold(session, call, HoldReason(kind.value), why, vault.clock.now())
            await audit.record(
                session, actor=shell_user(), role="administrator", action="recording.hold", subject=_subject(call),
                detail={"kind": kind.value, "reason": why}, now=vault.clock.now(),
            )  # fmt: skip

    with_vault(work)
    typer.echo(f"{call} is held: {why}")


def release_command(call: Call, reason: Annotated[str, typer.Option(help="The text with which it was held.")]) -> None:
    """End a hold that a person has set."""
    why = reason_of(reason)

    async def work(vault: Vault) -> int:
        from hotline import audit
        from recordings import holds
        from recordings.holds import HoldReason

        now = vault.clock.now()
        async with vault.database.transaction() as session:
            ended = 0
            for kind in ByHand:
                ended += await holds.release(session, HoldReason(kind.value), why, now, call_uid=call)
            if ended:
                await audit.record(
                    session, actor=shell_user(), role="administrator", action="recording.release",
                    subject=_subject(call), detail={"reason": why}, now=now,
                )  # fmt: skip
        return ended

    if with_vault(work) == 0:
        typer.echo(f"no hold of call {call} has this reason")
        raise typer.Exit(1)
    typer.echo("released")


def certificate_command(call: Call, as_json: Json = False) -> None:
    """Show the certificate of a deleted recording; exits 1 where there is none or it no longer fits the audit."""

    async def work(vault: Vault) -> tuple[CertificateView | None, bool]:
        from recordings import certificates

        async with vault.database.transaction() as session:
            found = await certificates.of_call(session, call)
            return found, found is not None and await certificates.genuine(session, found)

    found, genuine = with_vault(work)
    if found is None:
        typer.echo(f"no recording of call {call} was deleted with a certificate")
        raise typer.Exit(1)
    values = {
        "certificate": found.id, "call": found.call_uid, "object": found.object_key, "sha256": found.sha256,
        "bytes": found.bytes, "seconds": round(found.seconds, 3), "started_at": found.started_at.isoformat(),
        "class": found.retention_class, "rule": found.rule, "reason": found.reason, "by": found.actor,
        "at": found.at.isoformat(), "words": found.words, "audit_entry": found.audit_seq, "digest": found.digest,
        "genuine": genuine,
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(values, ensure_ascii=False))
    else:
        for name, value in values.items():
            typer.echo(f"{name:<12} {value}")
    if not genuine:
        raise typer.Exit(1)


def _text(call: str) -> int | None:
    """The number in `text:17`, None for a call."""
    _, mark, number = call.partition("text:")
    return int(number) if mark and number.isascii() and number.isdigit() else None


def _subject(call: str) -> str:
    return call if _text(call) is not None else f"call:{call}"


def _list_due(as_json: bool) -> None:
    async def work(vault: Vault) -> list[Considered]:
        from recordings import retire

        found = retire.considered(vault.database, vault.settings, vault.clock)
        now = vault.clock.now()
        return [each async for each in found if each.decision.due or each.decision.until <= now]

    found = with_vault(work)
    due = [each for each in found if each.decision.due]
    if as_json:
        rows = [
            {
                "call": each.call_uid, "class": each.decision.retention_class, "rule": each.decision.rule,
                "until": each.decision.until.isoformat(), "bytes": each.bytes, "held": list(each.decision.held),
            }
            for each in found
        ]  # fmt: skip
        typer.echo(json.dumps({"due": len(due), "recordings": rows}, ensure_ascii=False))
        return
    for each in found:
        said = "would go" if each.decision.due else f"held for {'; '.join(each.decision.held)}"
        typer.echo(f"{each.call_uid}  {each.decision.rule}  over since {each.decision.until:%Y-%m-%d}  {said}")
    typer.echo(f"{len(due)} recordings ({sum(each.bytes for each in due) / 1e6:.1f} MB) would go")


async def _manager(vault: Vault, login: str) -> str:
    """The role of the person who overrides a hold; Denied or UsageError where they may not."""
    from hotline import accounts
    from hotline.errors import UsageError
    from hotline.roles import Action, Denied, Role, allows

    async with vault.database.transaction() as session:
        user = await accounts.get_user(session, login)
    if user.disabled:
        raise UsageError(f"the user {login[:80]!r} is disabled")
    if not allows(Role(user.role), Action.RECORDING_ERASE):
        raise Denied(Role(user.role), Action.RECORDING_ERASE)
    return str(user.role)


def reason_of(text: str) -> str:
    """What was given with `--reason`, on one line. Raises UsageError for nothing, or too much."""
    from hotline.errors import UsageError

    why = " ".join(text.split())
    if not why or len(why) > LONGEST_REASON:
        raise UsageError(f"--reason says why in 1 to {LONGEST_REASON} characters")
    return why
