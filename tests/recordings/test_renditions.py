"""Sensitive digits in sound: who hears which rendition, what is in it, and that nobody hears one unchecked."""

from __future__ import annotations

import io
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hotline.models import AuditEntry
from hotline.roles import Action, Denied, Role, allows
from recordings import listenings, renditions, store
from recordings.errors import NotChecked
from recordings.finalise import Node, attempt
from recordings.renditions import Check
from recordings.replay import ReplayResponse, let_unchecked, open_replay
from recordings.spans import merged, total
from recordings.store import RecordingView
from tests.recordings.conftest import AddCall
from tests.recordings.sounds import NOW, leave, tone
from tests.recordings.test_replay import person

UID = "n1-1763700000.7"
DIGITS = (1.0, 2.5)


@pytest.fixture
async def recording(node: Node, add_call: AddCall) -> RecordingView:
    await add_call(UID, 4)
    leave(node.spool, UID, tone(4), tone(4))
    return await attempt(node, UID)


async def ask(
    node: Node, role: Role, header: str | None = None, *, clear: bool = False, login: str = "li", later: float = 0
) -> tuple[ReplayResponse, bytes]:
    async with node.database.transaction() as session:
        answer = await open_replay(
            session, node.objects, subject=person(role, login), call_uid=UID, range_header=header, clear=clear,
            now=NOW + timedelta(seconds=later),
        )  # fmt: skip
    return answer, b"".join([chunk async for chunk in answer.body])


async def checked(node: Node, recording: RecordingView, *ranges: tuple[float, float]) -> Check:
    made = await renditions.make(node.objects, recording, ranges)
    async with node.database.transaction() as session:
        replaced = await renditions.note(session, UID, made, NOW)
    for old in replaced:
        await node.objects.delete(old)
    return made


def loudness(flac: bytes, start: float, end: float) -> float:
    samples, rate = soundfile.read(io.BytesIO(flac), dtype="float32", always_2d=True)
    return float(np.abs(samples[int(start * rate) : int(end * rate)]).max())


async def audited(node: Node) -> list[AuditEntry]:
    async with node.database.transaction() as session:
        return list(await session.scalars(select(AuditEntry).order_by(AuditEntry.seq)))


async def test_nobody_hears_a_recording_that_was_not_looked_through(node: Node, recording: RecordingView) -> None:
    for role in (role for role in Role if allows(role, Action.RECORDING_REPLAY)):
        with pytest.raises(NotChecked):
            await ask(node, role)
    assert await audited(node) == []


async def test_both_channels_are_silenced_where_the_digits_are_and_untouched_elsewhere(
    node: Node, recording: RecordingView
) -> None:
    await checked(node, recording, DIGITS)
    whole, masked = await ask(node, Role.RECORDING_CLERK)
    _, clear = await ask(node, Role.MANAGER, clear=True)
    assert whole.headers["Content-Length"] == str(len(masked)) != str(len(clear))
    assert loudness(masked, *DIGITS) < 0.03 < loudness(clear, *DIGITS)
    before, rate = soundfile.read(io.BytesIO(clear), dtype="int16", always_2d=True)
    after, _ = soundfile.read(io.BytesIO(masked), dtype="int16", always_2d=True)
    first, last = (round(second * rate) for second in DIGITS)
    assert before.shape == after.shape
    assert np.array_equal(before[:first], after[:first])
    assert np.array_equal(before[last:], after[last:])


@pytest.mark.parametrize("role", [role for role in Role if allows(role, Action.RECORDING_REPLAY)])
async def test_the_digits_are_heard_by_those_alone_who_may_and_ask(
    role: Role, node: Node, recording: RecordingView
) -> None:
    await checked(node, recording, DIGITS)
    _, body = await ask(node, role)
    assert loudness(body, *DIGITS) < 0.03
    if allows(role, Action.SENSITIVE_VIEW):
        _, body = await ask(node, role, clear=True)
        assert loudness(body, *DIGITS) > 0.03
        assert [row.action for row in await audited(node)] == ["recording.replay", "sensitive.view"]
    else:
        with pytest.raises(Denied):
            await ask(node, role, clear=True)


async def test_each_rendition_has_ranges_and_a_tag_of_its_own(node: Node, recording: RecordingView) -> None:
    made = await checked(node, recording, DIGITS)
    _, masked = await ask(node, Role.INSPECTOR)
    head, first = await ask(node, Role.INSPECTOR, "bytes=0-99")
    rest, last = await ask(node, Role.INSPECTOR, "bytes=100-")
    assert (head.status, rest.status) == (206, 206)
    assert first + last == masked
    assert head.headers["ETag"] == f'"{made.sha256}"' != f'"{recording.sha256}"'
    assert head.headers["Content-Range"] == f"bytes 0-99/{made.bytes}"
    beyond, nothing = await ask(node, Role.INSPECTOR, f"bytes={made.bytes}-")
    assert (beyond.status, nothing) == (416, b"")


async def test_recognising_again_renews_the_rendition_and_leaves_nothing_behind(
    node: Node, recording: RecordingView
) -> None:
    first = await checked(node, recording, DIGITS)
    again = await checked(node, recording, DIGITS)
    assert again.key == first.key
    other = await checked(node, recording, (3.0, 3.5))
    assert other.key != first.key
    assert first.key is not None
    assert await node.objects.size(first.key) is None
    _, body = await ask(node, Role.SENIOR)
    assert loudness(body, 3.0, 3.5) < 0.03 < loudness(body, *DIGITS)
    async with node.database.transaction() as session:
        assert {other.key, first.key} <= await renditions.keys_of(session, UID, recording.object_key)
        await renditions.forget(session, UID)
    with pytest.raises(NotChecked):
        await ask(node, Role.SENIOR, later=1)


async def test_a_check_of_other_bytes_counts_for_nothing(node: Node, recording: RecordingView) -> None:
    async with node.database.transaction() as session:
        await renditions.note(session, UID, Check("0" * 64, ()), NOW)
        assert await renditions.get(session, recording) is None
        assert await renditions.unchecked(session, [UID]) == {UID}
    with pytest.raises(NotChecked):
        await ask(node, Role.RECORDING_CLERK)


async def test_in_an_emergency_a_shift_leader_says_why_and_hears_it_for_half_an_hour(
    node: Node, recording: RecordingView
) -> None:
    leader, clerk = person(Role.SHIFT_LEADER, "ma"), person(Role.RECORDING_CLERK)

    async def listen(later: float) -> int:
        async with node.database.transaction() as session:
            answer = await open_replay(
                session, node.objects, subject=leader, call_uid=UID, range_header=None,
                now=NOW + timedelta(minutes=later),
            )  # fmt: skip
        return answer.status

    async with node.database.transaction() as session:
        await let_unchecked(session, leader, UID, reason="威胁人身安全", now=NOW)
        with pytest.raises(Denied):
            await let_unchecked(session, clerk, UID, reason="想听", now=NOW)
    assert await listen(29) == 200
    with pytest.raises(NotChecked):
        await listen(31)
    rows = await audited(node)
    assert [(row.action, row.detail.get("reason"), row.detail.get("why")) for row in rows] == [
        ("recording.unchecked", "威胁人身安全", None), ("recording.replay", None, "unchecked"),
    ]  # fmt: skip


async def test_a_listening_is_written_down_with_its_seconds_when_it_is_over(
    node: Node, recording: RecordingView
) -> None:
    await checked(node, recording)
    li, quiet = person(), person(login="quiet")
    async with node.database.transaction() as session:
        for each in (li, quiet):
            await open_replay(session, node.objects, subject=each, call_uid=UID, range_header=None, now=NOW)
            await listenings.sent(
                session, each.user_id, UID, first=0, length=recording.bytes // 2, size=recording.bytes, seconds=4.0
            )
        spans = [(0.0, 1.0), (1.2, 2.0), (3.0, 99.0), (-5.0, 0.5), (2.0, 1.0)]
        await listenings.reported(session, li, UID, spans, seconds=4.0, left=False, now=NOW)
    later = NOW + timedelta(minutes=6)
    async with node.database.transaction() as session:
        assert await listenings.close_quiet(session, NOW + timedelta(minutes=4)) == 0
        assert await listenings.close_quiet(session, later) == 2
        assert await listenings.close_quiet(session, later) == 0
    rows = [row.detail for row in await audited(node) if row.action == "recording.heard"]
    untold, told = sorted(rows, key=lambda detail: detail["reported"])
    assert (told["seconds"], told["total"], told["reported"]) == ([[0, 2], [3, 4]], 3.0, True)
    assert (untold["seconds"], untold["reported"]) == ([], False)
    assert untold["served"] == [[0, pytest.approx(2, abs=0.01)]]


async def test_a_closed_page_ends_its_listening_at_once(node: Node, recording: RecordingView) -> None:
    await checked(node, recording)
    li = person()
    async with node.database.transaction() as session:
        await open_replay(session, node.objects, subject=li, call_uid=UID, range_header=None, now=NOW)
        await listenings.reported(session, li, UID, [(0.0, 1.5)], seconds=4.0, left=True, now=NOW)
        await listenings.reported(session, li, UID, [(1.5, 2.0)], seconds=4.0, left=True, now=NOW)  # nothing is open
    assert [row.detail.get("total") for row in await audited(node)] == [None, 1.5]


async def test_the_recording_itself_is_never_changed(node: Node, recording: RecordingView) -> None:
    await checked(node, recording, DIGITS)
    assert await node.objects.holds(recording.object_key, recording.sha256)
    async with node.database.transaction() as session:
        assert await store.get(session, UID) == recording


seconds = st.one_of(st.floats(-10, 500), st.sampled_from([float("nan"), float("inf"), float("-inf")]))
spans = st.lists(st.tuples(seconds, seconds), max_size=40)


@settings(max_examples=150, deadline=None)
@given(spans, st.floats(1, 400), st.integers(1, 12))
def test_merged_spans_are_in_order_apart_bounded_and_few(
    given_spans: list[tuple[float, float]], limit: float, most: int
) -> None:
    found = merged(given_spans, limit=limit, most=most)
    assert len(found) <= most
    assert all(0 <= start < end <= limit for start, end in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))
    plain = [(start, end) for start, end in given_spans if start == start and end == end]  # noqa: PLR0124 - not NaN
    for start, end in plain:
        middle = (max(start, 0.0) + min(end, limit)) / 2
        if max(start, 0.0) < middle < min(end, limit):
            assert any(low <= middle <= high for low, high in found)
    assert total(found) <= limit + 1e-6
