"""Each way to tamper with the chain, done as a superuser with the trigger off, is found and named."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from hotline.audit import GENESIS, Anchor, AuditError, AuditProblem, AuditReport, head, record, verify
from hotline.database import Database

NOW = datetime(2026, 11, 21, 9, 0, 0, 123456, tzinfo=UTC)


async def _write(database: Database, count: int = 5, **detail: Any) -> None:
    for number in range(count):
        async with database.transaction() as session:
            await record(
                session, actor="li.na", role="inspector", action="recording.replay", subject=f"n1-{number}",
                detail=detail or {"from": 0.5, "to": 12}, now=NOW + timedelta(seconds=number),
            )  # fmt: skip


async def _verify(database: Database, *anchors: Anchor) -> AuditReport:
    async with database.transaction() as session:
        return await verify(session, anchors)


async def _tamper(database: Database, *statements: str) -> None:
    async with database.transaction() as session:
        await session.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        for statement in statements:
            await session.execute(text(statement))
        await session.execute(text("ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_append_only"))


def _kinds(problems: tuple[AuditProblem, ...]) -> list[tuple[int, str]]:
    return [(problem.seq, problem.kind) for problem in problems]


async def test_an_untouched_chain_is_sound(database: Database) -> None:
    assert await _verify(database) == AuditReport(0, 0, GENESIS, ())
    await _write(database)
    report = await _verify(database)
    assert report.sound
    assert (report.checked, report.head_seq) == (5, 5)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'nobody' WHERE seq = 3",
        "UPDATE audit SET actor = 'nobody' WHERE false",
        "DELETE FROM audit WHERE seq = 5",
        "TRUNCATE audit",
        "SET LOCAL session_replication_role = replica; DELETE FROM audit",
    ],
)
async def test_the_database_refuses_changes(database: Database, statement: str) -> None:
    await _write(database)
    with pytest.raises(DatabaseError, match="append-only"):
        async with database.transaction() as session:
            for part in statement.split(";"):
                await session.execute(text(part))
    assert (await _verify(database)).sound


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "'zhang'"),
        ("role", "'manager'"),
        ("action", "'recording.export'"),
        ("subject", "'n1-9'"),
        ("at", "at + interval '1 microsecond'"),
        ("detail", """'{"from": 0.5, "to": 13}'"""),
        ("detail", """'{"from": "0.5", "to": 12}'"""),
        ("digest", "repeat('a', 64)"),
    ],
)
async def test_a_changed_entry_is_named(database: Database, column: str, value: str) -> None:
    await _write(database)
    await _tamper(database, f"UPDATE audit SET {column} = {value} WHERE seq = 3")
    assert (3, "changed") in _kinds((await _verify(database)).problems)


async def test_a_change_with_a_recomputed_digest_breaks_the_next_link(database: Database) -> None:
    await _write(database)
    await _tamper(database, "UPDATE audit SET previous = repeat('b', 64) WHERE seq = 4")
    assert _kinds((await _verify(database)).problems) == [(4, "broken"), (4, "changed")]


async def test_missing_entries_are_named(database: Database) -> None:
    await _write(database)
    await _tamper(database, "DELETE FROM audit WHERE seq IN (1, 3)")
    report = await _verify(database)
    assert _kinds(report.problems) == [(1, "missing"), (3, "missing")]
    assert "entry 3 is missing before entry 4" in report.problems[1].message


async def test_exchanged_entries_are_named(database: Database) -> None:
    await _write(database)
    await _tamper(
        database,
        "UPDATE audit SET seq = 100 WHERE seq = 2",
        "UPDATE audit SET seq = 2 WHERE seq = 3",
        "UPDATE audit SET seq = 3 WHERE seq = 100",
    )
    assert {2, 3} <= {problem.seq for problem in (await _verify(database)).problems}


async def test_closing_the_gap_after_a_deletion_is_found(database: Database) -> None:
    await _write(database)
    await _tamper(database, "DELETE FROM audit WHERE seq = 3", "UPDATE audit SET seq = seq - 1 WHERE seq > 3")
    problems = (await _verify(database)).problems
    assert (3, "broken") in _kinds(problems)
    assert (5, "truncated") in _kinds(problems)


async def test_a_cut_off_tail_is_found(database: Database) -> None:
    await _write(database)
    await _tamper(database, "DELETE FROM audit WHERE seq > 3")
    assert _kinds((await _verify(database)).problems) == [(4, "truncated")]


async def test_a_cut_off_tail_with_a_forged_head_is_found_by_an_anchor(database: Database) -> None:
    await _write(database)
    async with database.transaction() as session:
        anchor = await head(session)
    await _tamper(
        database,
        "DELETE FROM audit WHERE seq > 3",
        "UPDATE audit_head SET seq = 3, digest = (SELECT digest FROM audit WHERE seq = 3)",
    )
    assert (await _verify(database)).sound, "without the anchor this is what the whole chain would look like"
    assert _kinds((await _verify(database, anchor)).problems) == [(5, "truncated")]
    await _write(database, 2)
    assert _kinds((await _verify(database, anchor)).problems) == [(5, "anchor")]


async def test_an_emptied_audit_is_found(database: Database) -> None:
    await _write(database)
    await _tamper(database, "DELETE FROM audit")
    assert _kinds((await _verify(database)).problems) == [(1, "truncated")]
    await _tamper(database, "DELETE FROM audit_head")
    await _write(database, 1)
    await _tamper(database, "DELETE FROM audit_head")
    assert _kinds((await _verify(database)).problems) == [(0, "truncated")]


async def test_writers_at_the_same_time_make_one_chain(database: Database) -> None:
    await asyncio.gather(*(_write(database, 4) for _ in range(5)))
    report = await _verify(database)
    assert report.sound
    assert report.checked == 20


async def test_a_rolled_back_entry_leaves_no_gap(database: Database) -> None:
    await _write(database, 1)
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            await record(session, actor="a", role="manager", action="x", subject="y", detail={}, now=NOW)
            raise RuntimeError
    await _write(database, 1)
    report = await _verify(database)
    assert (report.sound, report.checked) == (True, 2)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc键"), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=json_values)
async def test_whatever_json_goes_in_the_digest_still_fits_what_comes_out(database: Database, value: Any) -> None:
    await _write(database, 1, value=value)
    assert (await _verify(database)).problems == ()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "a\0b", "\ud800", {"k\0": 1}, object()])
async def test_what_cannot_be_kept_is_refused(database: Database, value: Any) -> None:
    with pytest.raises(AuditError):
        await _write(database, 1, value=value)
    assert (await _verify(database)).checked == 0
