"""The clerk's and the inspector's desks without a browser: who sees what, what is audited, who was quicker."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from cases import orders
from hotline.models import AuditEntry
from hotline.roles import Role
from qa import draws
from tests.console import seed
from tests.console.conftest import House, csrf_in
from transcribe.models import Draft, Transcript

UID = "n1-300.1"


@pytest.fixture
async def worked(house: House, tmp_path: Path) -> House:
    """One call with recording, transcript, draft and sample, two more drafts behind it."""
    now = datetime.now(UTC)
    flac = tmp_path / "call.flac"
    seed.speech(flac, 45)
    async with house.database.transaction() as session:
        session.add(seed.ended(UID, now - timedelta(minutes=70), waited=6, talked=39))
        await seed.recording(session, house.app.state.console.objects, UID, now - timedelta(minutes=70), flac)
        await seed.draft(session, UID, now, now + timedelta(minutes=5))
        await seed.many_drafts(session, now, 3)
    async with house.database.transaction() as session:
        await seed.samples(session, now, house.settings)
    return house


async def entries(house: House, action: str) -> list[tuple[str, str]]:
    async with house.database.transaction() as session:
        rows = await session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.seq))
        return [(row.actor, row.subject) for row in rows]


async def sample_id(house: House) -> str:
    async with house.database.transaction() as session:
        return next(str(each.id) for each in await draws.list_samples(session) if each.call_uid == UID)


async def test_every_reading_of_a_draft_and_of_a_sample_is_an_audit_row(worked: House) -> None:
    senior = await worked.client(Role.SENIOR)
    assert (await senior.get(f"/drafts/{UID}")).status_code == 200
    assert (await senior.get(f"/drafts/{UID}")).status_code == 200
    leader = await worked.client(Role.SHIFT_LEADER)
    assert (await leader.get(f"/samples/{await sample_id(worked)}")).status_code == 200
    assert await entries(worked, "draft.view") == [("senior", f"call:{UID}")] * 2
    assert await entries(worked, "sample.view") == [("shift_leader", f"call:{UID}")]


async def test_who_may_only_read_a_draft_gets_no_buttons(worked: House) -> None:
    page = (await (await worked.client(Role.SENIOR)).get(f"/drafts/{UID}")).text
    assert "data-player" in page
    assert "确认并生成工单" not in page
    assert " disabled" in page


async def test_what_was_not_recognised_is_said_above_the_turns(worked: House) -> None:
    client = await worked.client(Role.RECORDING_CLERK)
    assert "未能识别" not in (await client.get(f"/drafts/{UID}")).text
    for changed, said in (
        ({"unheard": [[3.0, 4.5]]}, 'data-seek="3.0" data-until="4.5"'),
        ({"reason": "the file holds no sound"}, "这段录音未能识别"),
        ({"sure_of_speakers": 0.55}, "谁说的不确定（55%）"),
    ):
        async with worked.database.transaction() as session:
            await session.execute(update(Transcript).where(Transcript.call_uid == UID).values(**changed))
        assert said in (await client.get(f"/drafts/{UID}")).text, changed


async def test_why_another_value_is_worth_a_look_is_said_beside_it(worked: House) -> None:
    near = {"value": "13800138001", "confidence": 0.5, "evidence": [], "reason": "one digit off the calling number"}
    async with worked.database.transaction() as session:
        row = (await session.scalars(select(Draft).where(Draft.call_uid == UID))).one()
        row.fields = row.fields | {"alternatives": {"phone": [near]}}
    client = await worked.client(Role.RECORDING_CLERK)
    assert "来电号码，差一位" in (await client.get(f"/drafts/{UID}")).text


async def test_who_may_not_listen_gets_no_player_and_a_statistician_no_words(worked: House) -> None:
    draft = (await (await worked.client(Role.DATA_MANAGER)).get(f"/drafts/{UID}")).text
    assert "data-player" not in draft
    assert "不能收听录音" in draft
    assert "我要投诉" in draft
    sample = (await (await worked.client(Role.STATISTICIAN)).get(f"/samples/{await sample_id(worked)}")).text
    assert "data-player" not in sample
    assert "我要投诉" not in sample
    assert "保存评分" not in sample


async def test_the_recording_is_sent_in_ranges_and_one_listening_is_one_row(worked: House) -> None:
    client = await worked.client(Role.INSPECTOR)
    whole = await client.get(f"/recordings/{UID}/audio")
    assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/flac")
    assert whole.content[:4] == b"fLaC"
    part = await client.get(f"/recordings/{UID}/audio", headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    beyond = await client.get(f"/recordings/{UID}/audio", headers={"range": "bytes=99999999-"})
    assert beyond.status_code == 416
    assert await entries(worked, "recording.replay") == [("inspector", f"call:{UID}")]


async def test_the_waveform_is_two_channels_of_what_was_recorded(worked: House) -> None:
    told = (await (await worked.client(Role.INSPECTOR)).get(f"/recordings/{UID}/peaks")).json()
    assert told["seconds"] == pytest.approx(45)
    caller, other = told["peaks"]
    assert len(caller) == len(other) <= 1200
    assert max(*caller, *other) == 1.0
    assert min(caller) == 0.0
    both = sum(1 for left, right in zip(caller, other, strict=True) if left > 0.1 and right > 0.1)
    assert both <= 12  # they take turns: both sound only where one bucket holds the change


async def json_post(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> httpx.Response:
    """As the page's scripts send it: JSON, with the session's token in the header."""
    token = csrf_in((await client.get("/drafts")).text)
    return await client.post(path, json=body, headers={"x-csrf-token": token})


async def take(client: httpx.AsyncClient, ref: str) -> str:
    """Where taking leads to."""
    token = csrf_in((await client.get("/drafts")).text)
    answer = await client.post(f"/desk/{ref}/take", data={"csrf": token})
    assert answer.status_code == 303
    return answer.headers["location"]


VALUES = {"kind": "complaint", "business": "information", "nature": "tariff", "summary": "客户投诉乱收费。"}


async def test_a_draft_is_taken_confirmed_once_and_leads_to_the_next(worked: House) -> None:
    client = await worked.client(Role.RECORDING_CLERK)
    not_taken = await json_post(client, f"/drafts/{UID}/confirm", {"values": VALUES, "version": 0})
    assert (not_taken.status_code, not_taken.json()["error"]) == (409, "desk_not_yours")
    assert await take(client, f"draft:{UID}") == f"/drafts/{UID}"
    wrong = VALUES | {"phone": "12"}
    refused = await json_post(client, f"/drafts/{UID}/confirm", {"values": wrong, "version": 0})
    assert (refused.status_code, set(refused.json()["problems"])) == (422, {"phone"})
    done = await json_post(client, f"/drafts/{UID}/confirm", {"values": VALUES, "version": 1})
    assert done.status_code == 200
    page, said = done.json()["to"].split("?")
    assert page == "/drafts/n1-200.0"  # due first, and taken at once
    assert said.startswith("made=TS")
    shown = (await client.get(done.json()["to"])).text
    assert "已生成" in shown
    assert "data-read-only" not in shown
    for path in ("confirm", "discard"):
        again = await json_post(client, f"/drafts/{UID}/{path}", {"values": VALUES, "version": 2, "reason": "打错"})
        assert (again.status_code, "已由他人处理" in again.json()["message"]) == (409, True), path
    assert len(await entries(worked, "draft.confirm")) == 1
    assert await entries(worked, "draft.discard") == []


async def test_the_second_clerk_is_told_who_has_the_draft_and_can_change_nothing(worked: House) -> None:
    first, second = await worked.client(Role.RECORDING_CLERK), await worked.client(Role.SENIOR)
    await take(first, f"draft:{UID}")
    assert (await take(second, f"draft:{UID}")).startswith(f"/drafts/{UID}?taken=")
    page = (await second.get(f"/drafts/{UID}?taken=陈静")).text
    assert "陈静 已在处理" in page
    assert "data-read-only" in page
    body = {"values": VALUES, "version": 0, "reason": "打错", "to": "senior"}
    for path in (f"/drafts/{UID}/confirm", f"/drafts/{UID}/discard", f"/desk/draft:{UID}/save",
                 f"/desk/draft:{UID}/beat", f"/desk/draft:{UID}/hold", f"/desk/draft:{UID}/hand"):  # fmt: skip
        answer = await json_post(second, path, body)
        assert (answer.status_code, answer.json()["error"]) == (409, "desk_taken"), path
        assert "陈静" in answer.json()["message"], path
    assert (await json_post(first, f"/desk/draft:{UID}/save", {"values": VALUES, "version": 0})).json()["version"] == 1


async def test_two_windows_are_shown_each_others_words(worked: House) -> None:
    client = await worked.client(Role.RECORDING_CLERK)
    await take(client, f"draft:{UID}")
    path = f"/desk/draft:{UID}/save"
    marks = {"place": {"by": "picked", "places": [[2, 0, 3]]}, "phone": {"by": "guessed"}, "x": {"by": "clerk"}}
    here = await json_post(client, path, {"values": VALUES | {"place": "城东", "x": "y"}, "marks": marks, "version": 0})
    assert here.json()["version"] == 1
    there = await json_post(client, path, {"values": VALUES | {"place": "城西"}, "version": 0})
    assert there.status_code == 409
    told = there.json()
    assert (told["error"], told["version"], told["typed"]["values"]["place"]) == ("desk_stale", 1, "城东")
    [mark] = told["typed"]["marks"].values()
    assert (mark["by"], mark["places"], mark["evidence"][0]["text"]) == ("picked", [[2, 0, 3]], "上个月")
    confirming = await json_post(client, f"/drafts/{UID}/confirm", {"values": VALUES, "version": 0})
    assert (confirming.status_code, confirming.json()["error"]) == (409, "desk_stale")
    assert await entries(worked, "draft.confirm") == []


async def test_words_picked_from_the_turns_are_the_orders_evidence(worked: House) -> None:
    client = await worked.client(Role.RECORDING_CLERK)
    await take(client, f"draft:{UID}")
    marks = {"amount": {"by": "picked", "places": [[2, 16, 20], [99, 0, 1], [2, 9, 3]]}}
    values = VALUES | {"amount": "35"}
    assert (
        await json_post(client, f"/drafts/{UID}/confirm", {"values": values, "marks": marks, "version": 0})
    ).status_code == 200
    async with worked.database.transaction() as session:
        (order,) = await orders.list_orders(session, datetime.now(UTC), call_uid=UID)
    (evidence,) = order.fields["evidence"]["amount"]
    assert evidence["text"] == seed.TURNS[2][3][16:20]
    assert 9.6 <= evidence["start"] < evidence["end"] <= 15.0
    assert "amount" in order.corrected


async def test_what_is_put_aside_or_handed_on_leads_to_the_next_and_shows_whose_it_is(worked: House) -> None:
    client, senior = await worked.client(Role.RECORDING_CLERK), await worked.client(Role.SENIOR)
    await take(client, f"draft:{UID}")
    unsaid = await json_post(client, f"/desk/draft:{UID}/hold", {"reason": " "})
    assert (unsaid.status_code, set(unsaid.json()["problems"])) == (422, {"reason"})
    assert (await json_post(client, f"/desk/draft:{UID}/hold", {"reason": "等回电"})).json()["to"] == "/drafts/n1-200.0"
    assert "等回电" in (await client.get(f"/drafts/{UID}")).text
    await take(client, f"draft:{UID}")
    nobody = await json_post(client, f"/desk/draft:{UID}/hand", {"reason": "疑难", "to": "nobody"})
    assert (nobody.status_code, nobody.json()["error"]) == (422, "desk_handed_badly")
    handed = await json_post(client, f"/desk/draft:{UID}/hand", {"reason": "疑难", "to": "senior"})
    assert handed.status_code == 200
    token = csrf_in((await senior.get("/drafts")).text)
    assert (await senior.post("/desk/next", data={"csrf": token})).headers["location"] == f"/drafts/{UID}"
    assert (await senior.post("/desk/next", data={"csrf": token})).headers["location"] == "/drafts?none=1"
    leader = await worked.client(Role.SHIFT_LEADER)
    given = await json_post(leader, f"/desk/draft:{UID}/assign", {"reason": "王强请假", "to": ""})
    assert given.json() == {"to": "/drafts"}
    lost = await json_post(senior, f"/desk/draft:{UID}/beat", {})
    assert (lost.status_code, lost.json()["error"]) == (409, "desk_not_yours")
    assert [subject for _, subject in await entries(worked, "desk.hand_on")] == [f"call:{UID}"]


async def test_the_next_is_never_one_that_was_just_put_back_and_never_anothers(worked: House) -> None:
    client = await worked.client(Role.RECORDING_CLERK)
    seen = []
    token = csrf_in((await client.get("/drafts")).text)
    answer = await client.post("/desk/next", data={"csrf": token})
    for _ in range(3):
        page = answer.headers["location"] if answer.status_code == 303 else answer.json()["to"]
        seen.append(page)
        answer = await json_post(client, f"/desk/draft:{page.removeprefix('/drafts/')}/hold", {"reason": "等回电"})
    assert sorted(seen) == sorted({f"/drafts/{UID}", "/drafts/n1-200.0", "/drafts/n1-200.1"})
    assert seen[0] == f"/drafts/{UID}"  # urgent
    assert "<script>" not in (await client.get("/drafts?made=<script>alert(1)</script>")).text


def count(page: str) -> int:
    """Rows of the list."""
    return page.count('class="work-row')


async def test_the_list_is_filtered_and_looks_again_only_when_something_changed(worked: House) -> None:
    client = await worked.client(Role.RECORDING_CLERK)
    page = (await client.get("/drafts")).text
    assert count(page) == 4
    assert count((await client.get("/drafts?kind=suggestion")).text) == 1
    assert count((await client.get("/drafts?business=information&urgent=1")).text) == 1
    assert count((await client.get("/drafts?source=voicemail")).text) == 0
    assert "没有符合筛选条件" in (await client.get("/drafts?sure=low&key=1")).text
    seen = re.search(r"seen=([0-9a-f]{16})", page)
    assert seen
    again = f"/drafts/rows?seen={seen[1]}"
    assert (await client.get(again)).status_code == 204
    await take(client, f"draft:{UID}")
    changed = await client.get(again)
    assert (changed.status_code, count(changed.text)) == (200, 4)
    assert count((await client.get("/drafts?whose=mine")).text) == 1
    senior = await worked.client(Role.SENIOR)
    assert count((await senior.get("/drafts?whose=others")).text) == 1
    text_clerk = await worked.client(Role.TEXT_CLERK)
    assert count((await text_clerk.get("/drafts")).text) == 0  # recordings are not theirs


async def test_the_summary_follows_the_fields_when_it_is_asked_to(worked: House) -> None:
    client = await worked.client(Role.RECORDING_CLERK)
    values = VALUES | {"amount": "35", "what_happened": "每月多扣彩铃费", "urgent": "1"}
    told = await json_post(client, "/desk/summary", {"values": values})
    assert told.json() == {"summary": "客户投诉（信息·资费）：每月多扣彩铃费。涉及金额35元；加急。"}
    assert (await json_post(client, "/desk/summary", {"values": {"kind": "praise"}})).json() == {"summary": ""}


async def test_what_strangers_send_to_the_desk_is_refused_in_words(worked: House) -> None:
    client = await worked.client(Role.RECORDING_CLERK)
    await take(client, f"draft:{UID}")
    token = csrf_in((await client.get("/drafts")).text)
    path, head = f"/desk/draft:{UID}/save", {"x-csrf-token": token, "content-type": "application/json"}
    for body in (b"[]", b"{", b"[" * 60_000, b'"x"'):
        assert (await client.post(path, content=body, headers=head)).status_code == 400, body[:10]
    odd = b'{"values": {"place": "a\\ud800b\\u0000", "kind": 7}, "marks": [], "original": {}, "version": "1"}'
    assert (await client.post(path, content=odd.replace(b'"1"', b"0"), headers=head)).json()["version"] == 1
    assert (
        await client.post(path, content=b'{"values": {"place": "c"}, "version": "1"}', headers=head)
    ).status_code == 409
    assert (await client.post(path, content=b"{}", headers={"content-type": "application/json"})).status_code == 403
    assert (await client.post("/desk/draft:n1-404.4/take", data={"csrf": token})).status_code == 404
    assert (await client.post("/desk/elsewhere/take", data={"csrf": token})).status_code == 404


async def test_a_card_is_written_once_and_drawing_again_draws_nothing(worked: House) -> None:
    client = await worked.client(Role.INSPECTOR)
    chosen = await sample_id(worked)
    token = csrf_in((await client.get(f"/samples/{chosen}")).text)
    wrong = await client.post(f"/samples/{chosen}/score", data={"csrf": token, "points-attitude": "99"})
    assert wrong.status_code == 422
    assert "不超过该项分值" in wrong.text
    assert 'value="99"' in wrong.text
    card = {"csrf": token, "points-attitude": "5", "second-attitude": "12.5", "comment": "提醒注意语气"}
    assert (await client.post(f"/samples/{chosen}/score", data=card)).status_code == 303
    again = await client.post(f"/samples/{chosen}/score", data=card)
    assert again.status_code == 409
    assert "其他质检员已评分" in again.text
    day = datetime.now(worked.settings.zone).date().isoformat()
    drawn = await client.post("/samples/draw", data={"csrf": token, "day": day})
    assert drawn.headers["location"] == f"/samples?day={day}&drawn=0"
    assert "无需再抽" in (await client.get(drawn.headers["location"])).text


async def test_an_empty_house_says_so_on_every_list(house: House) -> None:
    client = await house.client(Role.MANAGER)
    for path, words in (
        ("/drafts", "全部录入完毕"),
        ("/samples", "没有抽中的通话"),
        ("/orders", "没有工单"),
        ("/floor", "无人排队"),
    ):
        assert words in (await client.get(path)).text, path
    assert (await client.get("/samples?day=no-day")).status_code == 200
