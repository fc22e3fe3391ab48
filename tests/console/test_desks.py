"""The clerk's and the inspector's desks without a browser: who sees what, what is audited, who was quicker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hotline.models import AuditEntry
from hotline.roles import Role
from qa import draws
from tests.console import seed
from tests.console.conftest import House, csrf_in

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


async def test_the_second_who_decides_a_draft_is_told(worked: House) -> None:
    client = await worked.client(Role.RECORDING_CLERK)
    page = (await client.get(f"/drafts/{UID}")).text
    form = {"csrf": csrf_in(page), "kind": "complaint", "business": "information", "summary": "客户投诉乱收费。"}
    first = await client.post(f"/drafts/{UID}/confirm", data=form)
    assert first.status_code == 303
    assert first.headers["location"].startswith(f"/drafts/next?after={UID}&made=TS")
    for path in ("confirm", "discard"):
        second = await client.post(f"/drafts/{UID}/{path}", data=form | {"reason": "打错"})
        assert second.status_code == 409
        assert "已由他人处理" in second.text
    assert len(await entries(worked, "draft.confirm")) == 1
    assert await entries(worked, "draft.discard") == []


async def test_the_next_draft_is_the_next_due_and_the_last_leads_back_to_the_first(worked: House) -> None:
    client = await worked.client(Role.RECORDING_CLERK)
    order = ["n1-200.0", "n1-200.1", "n1-200.2", UID]
    for one, following in zip(order, [*order[1:], order[0]], strict=True):
        assert (await client.get(f"/drafts/next?after={one}")).headers["location"] == f"/drafts/{following}"
    after = await client.get("/drafts/next?made=TS20261121-0001")
    assert after.headers["location"] == "/drafts/n1-200.0?made=TS20261121-0001"
    page = (await client.get(after.headers["location"])).text
    assert "工单 TS20261121-0001 已生成" in page
    assert "<script>" not in (await client.get("/drafts?made=<script>alert(1)</script>")).text


async def test_the_list_is_filtered_by_kind_business_nature_and_urgency(worked: House) -> None:
    client = await worked.client(Role.RECORDING_CLERK)
    assert (await client.get("/drafts")).text.count('class="open"') == 4
    assert (await client.get("/drafts?kind=suggestion")).text.count('class="open"') == 1
    assert (await client.get("/drafts?business=information&urgent=1")).text.count('class="open"') == 1
    assert "没有符合筛选条件的草稿" in (await client.get("/drafts?nature=work_error")).text


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
        ("/drafts", "全部处理完毕"),
        ("/samples", "没有抽中的通话"),
        ("/orders", "没有工单"),
        ("/floor", "无人排队"),
    ):
        assert words in (await client.get(path)).text, path
    assert (await client.get("/samples?day=no-day")).status_code == 200
