"""What the controller makes of a command, on a played Asterisk and a real PostgreSQL; and what it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd import commands
from acd.calls import facts_of
from acd.commands import CommandKind, CommandState, CommandView
from acd.errors import CommandRefused
from acd.oncall import carry, decide
from acd.oncall.decide import Plan
from acd.oncall.scene import Scene
from acd.ports import AmiEvent
from acd.resync import LiveChannel
from acd.seats import SeatState
from acd.words import Level
from hotline.database import Database
from tests.acd.floor_rig import until
from tests.acd.play import Play, playing
from tests.acd.test_calls import UID
from tests.acd.test_talks import THROUGH, at_seat

CALL = "n1-1.1"


def leg(name: str, **variables: str) -> LiveChannel:
    return LiveChannel(f"n1-9.{name[6:10]}", name, UID, "", "", "Up", "", "", 9, variables)


def scene(kind: CommandKind, argument: dict[str, object] | None = None, *, state: str = "talking") -> Scene:
    command = CommandView(7, UID, "8001", kind, CommandState.ASKED, argument=argument or {})
    customer = LiveChannel(UID, "PJSIP/trunk-1", UID, "", "", "Up", "", "", 9, {"HL_STATE": state})
    own = leg("PJSIP/8001-1", HL_OF=UID, **({"HL_ASIDE": f"{UID}-c6"} if state == "aside" else {}))
    seats = {
        "8001": at_seat("8001", SeatState.TALKING), "8002": at_seat("8002", SeatState.READY, 1, Level.JUNIOR),
        "8101": at_seat("8101", SeatState.READY, 5), "8102": at_seat("8102", SeatState.TALKING),
        "9001": at_seat("9001", SeatState.READY, 1, Level.SUPERVISOR),
    }  # fmt: skip
    return Scene(
        command, replace(seats["8001"], call_uid=UID), facts_of(UID, THROUGH[:4]), customer, own, (customer, own),
        seats, outbound=True, may_dial=lambda number: number.startswith("1"), new_uid="n1-out7-c",
    )  # fmt: skip


def to(kind: CommandKind, **target: str) -> Plan:
    return decide.decide(scene(kind, {"to": target}))


def extens(plan: Plan) -> list[str]:
    return [act.headers["Exten"] for act in plan.acts] + [act.headers.get("ExtraExten", "") for act in plan.acts]


def test_a_transfer_is_one_redirect_of_the_caller_that_names_the_talk_and_the_target() -> None:
    for target, exten in (
        ({"seat": "8002"}, "8001*1*handed*seat*8002"), ({"level": "senior"}, "8001*1*handed*level*senior"),
        ({"service": "suggestion"}, "8001*1*handed*service*suggestion"),
        ({"number": "13800001111"}, "8001*1*handed*number*13800001111*{epoch}"),
    ):  # fmt: skip
        plan = to(CommandKind.TRANSFER, **target)
        assert extens(plan) == [exten, ""]
        assert plan.claim is None
    assert to(CommandKind.TRANSFER, seat="8002").reserve == "8002"


def test_a_consult_claims_the_longest_idle_of_the_level_and_moves_both_channels_at_once() -> None:
    plan = to(CommandKind.CONSULT, level="senior")
    assert plan.claim == decide.Claim("8101", f"{UID}-c7")
    assert extens(plan) == ["s", "8101*{epoch}*7*"]
    assert extens(to(CommandKind.CONSULT, number="13800001111")) == ["s", "0*{epoch}*7*13800001111"]


@pytest.mark.parametrize(
    ("kind", "target", "why"),
    [
        (CommandKind.TRANSFER, {"seat": "8001"}, decide.OWN_SEAT),
        (CommandKind.TRANSFER, {"seat": "8102"}, decide.SEAT_NOT_READY),
        (CommandKind.TRANSFER, {"seat": "7777"}, decide.NO_SUCH_SEAT),
        (CommandKind.TRANSFER, {"seat": "9001"}, decide.NO_SUCH_SEAT),
        (CommandKind.TRANSFER, {"manager": ""}, decide.NOBODY_THERE),
        (CommandKind.TRANSFER, {"number": "999"}, decide.NOT_ALLOWED),
        (CommandKind.CONSULT, {"manager": ""}, decide.NOBODY_FREE),
        (CommandKind.CONSULT, {"service": "complaint"}, commands.NO_TARGET),
        (CommandKind.TRANSFER, {"level": "supervisor"}, commands.NO_TARGET),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_caller_is_moved(
    kind: CommandKind, target: dict[str, str], why: str
) -> None:
    with pytest.raises(CommandRefused, match=why[:30]):
        to(kind, **target)


def test_the_steps_of_a_consult_fit_its_state_only() -> None:
    for kind in (CommandKind.CONSULT_BACK, CommandKind.CONSULT_JOIN, CommandKind.CONSULT_LEAVE):
        with pytest.raises(CommandRefused, match=decide.NOT_CONSULTING[:20]):
            decide.decide(scene(kind))
    with pytest.raises(CommandRefused, match=decide.CONSULTING[:20]):
        decide.decide(scene(CommandKind.TRANSFER, {"to": {"seat": "8002"}}, state="aside"))
    assert extens(decide.decide(scene(CommandKind.CONSULT_BACK, state="aside"))) == ["back", ""]
    with pytest.raises(CommandRefused, match=decide.NOT_ANSWERED[:20]):
        decide.decide(scene(CommandKind.CONSULT_JOIN, state="aside"))
    asked = scene(CommandKind.CONSULT_JOIN, state="aside")
    asked = replace(asked, channels=(*asked.channels, leg("PJSIP/8101-1", HL_ASIDE=f"{UID}-c6")))
    assert extens(decide.decide(asked)) == ["join", "joined"]


@given(st.dictionaries(st.text(max_size=8), st.one_of(st.text(), st.integers(), st.none(), st.lists(st.text()))))
def test_any_argument_gives_a_target_of_plain_signs_or_a_refusal(to: dict[str, object]) -> None:
    try:
        target = commands.target_of(CommandKind.TRANSFER, {"to": to})
    except CommandRefused:
        return
    assert target.value.isascii()
    assert not set(target.value) - set("abcdefghijklmnopqrstuvwxyz0123456789")


# ---- with a controller


@pytest.fixture
async def play(database: Database) -> AsyncIterator[Play]:
    async with playing(database, "8001", "8002") as play:
        yield play


async def talking(play: Play) -> tuple[str, str]:
    """A caller talks to a seat; gives that seat and the other one."""
    play.queue(CALL)
    call, seat, epoch = await play.rung(1)
    play.tell("answered", call, seat=seat, epoch=epoch)
    await play.seat_is(seat, "talking")
    channels = [{"Uniqueid": CALL, "HL_STATE": "talking"}, {"Uniqueid": "n1-1.2", "HL_OF": CALL}]
    play.channels(*channels)
    names = ("PJSIP/trunk-1", f"PJSIP/{seat}-1")
    status = play.link.lists["Status"]
    play.link.lists["Status"] = [
        AmiEvent("Status", {**event.fields, "Channel": name, "ChannelStateDesc": "Up"}, event.repeated)
        for event, name in zip(status, names, strict=True)
    ]
    return seat, "8002" if seat == "8001" else "8001"


async def ask(play: Play, seat: str, kind: CommandKind, *, ago: float = 0, **argument: object) -> CommandView:
    now = play.clock.now() - timedelta(seconds=ago)
    async with play.database.transaction() as session:
        asked = await commands.ask(session, seat=seat, kind=kind, argument=argument, by="agent", now=now)
    found: list[CommandView] = []

    async def settled() -> bool:
        async with play.database.transaction() as session:
            found[:] = [await commands.outcome(session, asked)]
        return found[0].state is not CommandState.ASKED

    await until(settled, 10, "the command is settled")
    return found[0]


def handed_to(play: Play) -> list[str]:
    return [sent.headers["Exten"] for sent in play.link.actions("Redirect") if sent.headers["Context"] == "acd-handed"]


async def test_a_seat_is_kept_for_the_caller_who_is_handed_to_it(play: Play) -> None:
    seat, other = await talking(play)
    done = await ask(play, seat, CommandKind.TRANSFER, to={"seat": other})
    assert (done.state, done.problem) == (CommandState.DONE, None)
    play.queue("n1-2.1")  # somebody else, while the caller is on the way
    await play.becomes("SELECT state FROM calls WHERE uid = 'n1-2.1'", "waiting")
    (exten,) = handed_to(play)
    epoch = exten.split("*")[1]
    play.tell("handed", CALL, seat=seat, epoch=epoch, Detail=f"seat {other}")

    async def rung() -> bool:
        sent = [each for each in play.link.actions("Redirect") if each.headers["Context"] == "acd-ring"]
        return (CALL, other) in {(each.headers["Channel"], each.headers["Exten"].split("*")[0]) for each in sent}

    await until(rung, 5, "the seat is rung for the caller it was kept for")
    # the one who handed on wraps up, and then takes who has waited meanwhile
    await play.becomes(f"SELECT call_uid FROM seats WHERE extension = '{seat}'", "n1-2.1")


async def test_a_command_that_came_too_late_is_refused_and_nothing_is_sent(play: Play) -> None:
    seat, other = await talking(play)
    refused = await ask(play, seat, CommandKind.TRANSFER, ago=30, to={"seat": other})
    assert refused.problem == carry.TOO_LATE
    assert handed_to(play) == []


async def test_what_asterisk_refuses_frees_the_claimed_seat(play: Play) -> None:
    seat, other = await talking(play)
    play.link.refusals["Redirect"] = "Channel does not exist"
    refused = await ask(play, seat, CommandKind.CONSULT, to={"seat": other})
    assert refused.problem == carry.ASTERISK_REFUSED
    await play.seat_is(other, "ready")


async def test_what_was_asked_while_no_controller_ran_is_answered_by_the_next(database: Database) -> None:
    async with playing(database, "8001") as play:
        await talking(play)
    async with database.transaction() as session:
        asked = await commands.ask(
            session, seat="8001", kind=CommandKind.HANG_UP, argument={}, by="agent",
            now=play.clock.now() - timedelta(seconds=60),
        )  # fmt: skip
    async with playing(database) as play:
        await play.becomes(f"SELECT state FROM call_commands WHERE id = {asked}", "refused")
        assert play.link.actions("Hangup") == []


async def test_hold_is_an_entry_of_the_time_line(play: Play) -> None:
    seat, _ = await talking(play)
    for name in ("Hold", "Unhold"):
        play.link.emit(name, {"Channel": f"PJSIP/{seat}-00000001"})
    await play.becomes(f"SELECT count(*) FROM call_events WHERE kind IN ('held', 'resumed') AND seat = '{seat}'", 2)
    play.link.emit("Hold", {"Channel": "PJSIP/7777-00000001"})
    play.link.emit("Hold", {})
    await play.seat_is(seat, "talking")
