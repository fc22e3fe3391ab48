"""Listening: who may, what is audited, which bytes come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from hotline import audit
from hotline.accounts import Subject
from hotline.models import AuditEntry
from hotline.roles import Action, Denied, Role, allows
from recordings import master, renditions, store
from recordings.errors import KeyUnavailable, NoRecording, ObjectDamaged, ObjectMissing
from recordings.finalise import Node, attempt
from recordings.renditions import Check
from recordings.replay import ReplayResponse, open_replay
from recordings.sealed import open_objects
from recordings.store import RecordingView
from tests.recordings.conftest import AddCall, stored_file
from tests.recordings.sounds import NOW, leave, tone

UID = "n1-1763700000.7"


def person(role: Role = Role.INSPECTOR, login: str = "li") -> Subject:
    return Subject(uuid4(), login, "Li", role, None)


@pytest.fixture
async def recording(node: Node, add_call: AddCall) -> RecordingView:
    await add_call(UID, 4)
    leave(node.spool, UID, tone(4), tone(4))
    made = await attempt(node, UID)
    async with node.database.transaction() as session:
        await renditions.note(session, UID, Check(made.sha256, ()), NOW)
    return made


async def ask(
    node: Node, subject: Subject, header: str | None = None, *, if_range: str | None = None, later: float = 0
) -> tuple[ReplayResponse, bytes]:
    async with node.database.transaction() as session:
        answer = await open_replay(
            session, node.objects, subject=subject, call_uid=UID, range_header=header, if_range=if_range,
            now=NOW + timedelta(seconds=later),
        )  # fmt: skip
    return answer, b"".join([chunk async for chunk in answer.body])


async def audited(node: Node) -> list[tuple[str, str, str]]:
    async with node.database.transaction() as session:
        rows = await session.scalars(select(AuditEntry).order_by(AuditEntry.seq))
        assert (await audit.verify(session)).sound
        return [(row.actor, row.action, row.subject) for row in rows]


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_listens_exactly_when_the_table_says_so(role: Role, node: Node, recording: RecordingView) -> None:
    if allows(role, Action.RECORDING_REPLAY):
        answer, body = await ask(node, person(role))
        assert (answer.status, len(body)) == (200, recording.bytes)
    else:
        with pytest.raises(Denied):
            await ask(node, person(role))
        assert await audited(node) == []


async def test_the_ranges_of_a_recording_put_together_are_the_recording(node: Node, recording: RecordingView) -> None:
    async with store.local_file(node.objects, recording) as path:
        content = path.read_bytes()
    subject, size = person(), recording.bytes
    whole, body = await ask(node, subject)
    assert body == content
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["ETag"] == f'"{recording.sha256}"'
    assert "no-store" in whole.headers["Cache-Control"]
    first, head = await ask(node, subject, "bytes=0-999")
    assert (first.status, head) == (206, content[:1000])
    assert first.headers["Content-Range"] == f"bytes 0-999/{size}"
    assert first.headers["Content-Length"] == "1000"
    _, tail = await ask(node, subject, "bytes=1000-")
    assert head + tail == content
    _, end = await ask(node, subject, "bytes=-10")
    assert end == content[-10:]


async def test_a_range_outside_the_file_is_refused_with_its_size(node: Node, recording: RecordingView) -> None:
    answer, body = await ask(node, person(), f"bytes={recording.bytes}-")
    assert (answer.status, body) == (416, b"")
    assert answer.headers["Content-Range"] == f"bytes */{recording.bytes}"
    assert await audited(node) == []  # nothing was heard


async def test_a_range_for_another_file_gets_the_whole_one(node: Node, recording: RecordingView) -> None:
    answer, body = await ask(node, person(), "bytes=5-9", if_range='"old"')
    assert (answer.status, len(body)) == (200, recording.bytes)
    answer, body = await ask(node, person(), "bytes=5-9", if_range=f'"{recording.sha256}"')
    assert (answer.status, len(body)) == (206, 5)


async def test_a_listening_is_one_audit_row_and_the_next_one_is_another(node: Node, recording: RecordingView) -> None:
    li, wang = person(), person(login="wang")
    for number in range(50):
        await ask(node, li, f"bytes={number * 100}-{number * 100 + 99}", later=number)
    await ask(node, wang, "bytes=500-599")  # not from the first byte: a listening all the same
    assert await audited(node) == [
        ("li", "recording.replay", f"call:{UID}"), ("wang", "recording.replay", f"call:{UID}"),
    ]  # fmt: skip
    await ask(node, li, later=15 * 60)
    heard = (str(li.user_id), "recording.heard", f"call:{UID}")  # no account of hers is here to be named
    assert (await audited(node))[2:] == [heard, ("li", "recording.replay", f"call:{UID}")]


async def test_a_call_without_a_recording_and_a_lost_file_are_told_apart(node: Node, add_call: AddCall) -> None:
    with pytest.raises(NoRecording):
        await ask(node, person())
    await add_call(UID, 4)
    leave(node.spool, UID, tone(4), tone(4))
    made = await attempt(node, UID)
    async with node.database.transaction() as session:
        await renditions.note(session, UID, Check(made.sha256, ()), NOW)
    stored_file(node, made.object_key).unlink()
    with pytest.raises(ObjectMissing):
        await ask(node, person())


async def test_damage_and_a_key_that_is_away_are_told_before_the_first_byte(
    node: Node, recording: RecordingView
) -> None:
    path = stored_file(node, recording.object_key)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ObjectDamaged):
        await ask(node, person())
    path.write_bytes(whole)
    key = master.path(node.settings)
    key.rename(key.with_suffix(".away"))
    fresh = replace(node, objects=open_objects(node.settings, node.database, node.clock))
    with pytest.raises(KeyUnavailable):
        await ask(fresh, person())
