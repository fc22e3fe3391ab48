"""Texts past their time, and scans on the wrong text: what goes, what stays, what proves it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select, text, update
from typer.testing import CliRunner

from cases import text_certificates, text_entries, text_holds, text_removal, text_retention
from cases.models import Order
from cases.text_entry_models import TextDeletion, TextEntry, TextScan
from cases.text_holds import Holding
from cases.text_removal import TextHeld, Wish
from cases.text_retention import UnknownTextClass, decide, table
from hotline import audit
from hotline.clock import ManualClock
from hotline.commands.texts import app
from hotline.models import AuditEntry
from hotline.roles import Action, Role, allows
from recordings import holds
from recordings.holds import HoldReason
from recordings.sealed import SealedObjects
from tests.cases.scan_files import letter, saved
from tests.console.conftest import House, csrf_in
from tests.console.test_texts import received, sent

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = table({})


def objects_of(house: House) -> SealedObjects:
    found = house.app.state.console.objects
    assert isinstance(found, SealedObjects)
    return found


@pytest.fixture
async def scanned(house: House) -> int:
    """A letter with two scans."""
    clerk = await house.client(Role.TEXT_CLERK)
    files = [("a.png", saved(letter(), "PNG")), ("b.jpg", saved(letter(), "JPEG"))]
    return await received(house, clerk, files)


async def scans_of(house: House, entry: int) -> list[TextScan]:
    async with house.database.transaction() as session:
        query = select(TextScan).where(TextScan.entry_id == entry).order_by(TextScan.added_at)
        rows = list(await session.scalars(query))
        session.expunge_all()
        return rows


async def keys(house: House) -> set[str]:
    return {each.key async for each in objects_of(house).listing("texts")}


async def posted(client: httpx.AsyncClient, path: str, **values: str) -> httpx.Response:
    token = csrf_in((await client.get("/nowhere", headers={"accept": "text/html"})).text)
    return await client.post(path, data=values | {"csrf": token})


async def discarded(house: House, entry: int, closed_at: datetime) -> None:
    async with house.database.transaction() as session:
        ended = update(TextEntry).where(TextEntry.id == entry)
        await session.execute(
            ended.values(
                state="discarded", closed_at=closed_at, received_at=closed_at, reason="spam", filed_at=closed_at
            )
        )


@pytest.mark.parametrize(
    ("kind", "held", "days", "due"),
    [
        ("complaint", (), 1094, False), ("complaint", (), 1096, True), ("complaint", ("case TS1",), 5000, False),
        ("discarded", (), 366, True), ("enquiry", (), 364, False), (None, (), 5000, False),
    ],
)  # fmt: skip
def test_days_count_from_the_end_of_the_case_and_a_hold_stops_them(
    kind: str | None, held: tuple[str, ...], days: int, due: bool
) -> None:
    found = Holding(kind, held, NOW - timedelta(days=days))
    assert decide(1, found, DAYS, NOW).due is due


def test_a_class_that_is_none_is_named() -> None:
    assert table({"complaint": 5})["complaint"] == 5
    with pytest.raises(UnknownTextClass, match="complaints"):
        table({"complaints": 5})


async def test_a_scan_on_the_wrong_text_is_removed_by_who_may_with_a_reason_and_a_certificate(
    house: House, scanned: int
) -> None:
    first, second = await scans_of(house, scanned)
    before = await keys(house)
    manager = await house.client(Role.DATA_MANAGER)
    path = f"/texts/{scanned}/scans/{first.id}/remove"
    assert (await posted(manager, path, reason=" ")).status_code == 422
    assert await keys(house) == before
    assert (await posted(manager, path, reason="belongs to text 9")).status_code == 303
    assert before - await keys(house) == {page["key"] for page in first.pages}
    assert [scan.id for scan in await scans_of(house, scanned)] == [second.id]
    page = (await manager.get(f"/texts/{scanned}")).text
    assert "belongs to text 9" in page
    assert first.source_sha256 in page
    assert (await manager.get(f"/texts/{scanned}/scans/{first.id}/1")).status_code == 404
    assert (await posted(manager, path, reason="again")).status_code == 404
    async with house.database.transaction() as session:
        [certificate] = await text_certificates.of_entry(session, scanned)
        assert await text_certificates.genuine(session, certificate)
        assert (await audit.verify(session)).sound
        [row] = await session.scalars(select(AuditEntry).where(AuditEntry.action == text_certificates.ACTION))
    assert (certificate.scan_id, certificate.rule, certificate.actor) == (first.id, "wrong scan", "data_manager")
    assert row.detail["certificate"] == certificate.digest


@pytest.mark.parametrize("role", [role for role in Role if not allows(role, Action.TEXT_REMOVE)])
async def test_another_role_removes_no_scan(role: Role, house: House, scanned: int) -> None:
    [first, _] = await scans_of(house, scanned)
    client = await house.client(role)
    assert (await posted(client, f"/texts/{scanned}/scans/{first.id}/remove", reason="x")).status_code == 403
    assert len(await scans_of(house, scanned)) == 2


async def test_a_text_past_its_time_goes_with_its_words_and_scans_and_its_row_stays(house: House, scanned: int) -> None:
    await discarded(house, scanned, NOW)
    clock = ManualClock(NOW + timedelta(days=364))
    settings, database, objects = house.settings, house.database, objects_of(house)
    assert await text_retention.run(database, objects, settings, clock) == []
    clock = ManualClock(NOW + timedelta(days=366))
    [certificate] = await text_retention.run(database, objects, settings, clock)
    assert await text_retention.run(database, objects, settings, clock) == []
    assert (certificate.rule, len(certificate.files)) == ("discarded: 365 days", 2)
    assert await keys(house) == set()
    async with database.transaction() as session:
        entry = await text_entries.get(session, scanned)
    assert (entry.words, entry.draft, entry.head.sender, entry.head.contact) == ("", None, "", "")
    assert (entry.reason, entry.erased_at) == ("spam", clock.now())
    manager = await house.client(Role.DATA_MANAGER)
    page = (await manager.get(f"/texts/{scanned}")).text
    assert "宽带" not in page.split("<form")[0]
    assert "discarded: 365 days" in page
    clerk = await house.client(Role.TEXT_CLERK)
    late = await sent(clerk, f"/texts/{scanned}/scans", {}, [("c.png", saved(letter(), "PNG"))])
    assert late.status_code == 404


async def test_open_work_an_open_case_its_supplement_and_a_person_hold_a_text(house: House, scanned: int) -> None:
    database, clock = house.database, ManualClock(NOW + timedelta(days=4000))

    async def held() -> tuple[str, ...]:
        async with database.transaction() as session:
            row = await session.get(TextEntry, scanned)
            assert row is not None
            return (await text_holds.holding(session, [row]))[scanned].held

    assert await held() == ("it is still to be entered",)
    clerk = await house.client(Role.TEXT_CLERK)
    token = csrf_in((await clerk.get("/texts")).text)
    values = {"kind": "complaint", "business": "data", "summary": "断网", "what_happened": "断网"}
    made = await clerk.post(
        f"/texts/{scanned}/confirm", json={"values": values, "original": "", "version": 0},
        headers={"x-csrf-token": token},
    )  # fmt: skip
    assert made.status_code == 200, made.text
    async with database.transaction() as session:
        number = await session.scalar(select(Order.number))
    assert await held() == (f"case {number}",)
    with pytest.raises(TextHeld, match="case"):
        await text_removal.remove(database, objects_of(house), clock, Wish(scanned, "r", "x", "y"))
    async with database.transaction() as session:
        await session.execute(update(Order).values(closed_at=NOW, state="closed"))
        await holds.hold(session, f"text:{scanned}", HoldReason.APPEAL, "letter 9", NOW)
    assert await held() == ("appeal letter 9",)
    async with database.transaction() as session:
        await holds.release(session, HoldReason.APPEAL, "letter 9", NOW + timedelta(days=3950))
    assert await held() == ()
    assert await text_retention.run(database, objects_of(house), house.settings, clock) == []
    clock = ManualClock(NOW + timedelta(days=3950 + 1096))
    assert len(await text_retention.run(database, objects_of(house), house.settings, clock)) == 1
    async with database.transaction() as session:
        assert await session.scalar(select(Order.number)) == number, "the order is the case's own paper"


async def test_killed_in_the_middle_the_next_run_ends_it_and_what_comes_back_goes_again(
    house: House, scanned: int
) -> None:
    await discarded(house, scanned, NOW)
    database, objects, clock = house.database, objects_of(house), ManualClock(NOW)
    [first, second] = await scans_of(house, scanned)
    path = objects.store.path(first.pages[0]["key"])
    assert path is not None
    kept = path.read_bytes()
    async with database.transaction() as session:
        await text_removal.begin(session, Wish(scanned, "r", "x", "y"), NOW)
    await objects.delete(second.pages[0]["key"])  # and here it was killed
    [certificate] = await text_removal.end_begun(database, objects, clock)
    assert len(certificate.keys) == 2
    assert await text_removal.end_begun(database, objects, clock) == []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(kept)
    await text_removal.end_begun(database, objects, clock)
    assert not path.exists()
    async with database.transaction() as session:
        assert list(await session.scalars(select(TextDeletion))) == []
        assert (await audit.verify(session)).sound


async def test_a_certificate_refuses_change_and_one_that_was_changed_all_the_same_is_told(
    house: House, scanned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await discarded(house, scanned, NOW)
    monkeypatch.setenv("HOTLINE_DATA", str(house.settings.data))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", house.database.url)

    async def run(*arguments: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, app, list(arguments))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    assert (await run("certificate", str(scanned)))[0] == 1
    code, out = await run("erase", str(scanned), "--reason", "request 3")
    assert (code, "2 files" in out) == (0, True)
    code, out = await run("certificate", str(scanned), "--json")
    [told] = json.loads(out.splitlines()[-1])["certificates"]
    assert (code, told["genuine"], told["reason"]) == (0, True, "request 3")
    with pytest.raises(Exception, match="append-only"):
        async with house.database.transaction() as session:
            await session.execute(text("UPDATE text_certificates SET reason = 'x'"))
    async with house.database.transaction() as session:
        await session.execute(text("ALTER TABLE text_certificates DISABLE TRIGGER ALL"))
        await session.execute(text("UPDATE text_certificates SET reason = 'x'"))
    assert (await run("certificate", str(scanned)))[0] == 1
