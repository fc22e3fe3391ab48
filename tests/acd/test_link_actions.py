"""What an action may rely on: one answer, in time, or an error that says what is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from acd.ports import ActionRefused, ActionTimeout, LinkDownError, UnsafeValue
from tests.acd.link_rig import linked, quick, until
from tests.acd.scripted_ami import Connection, ScriptedAmi


@pytest.fixture
async def asterisk() -> AsyncIterator[ScriptedAmi]:
    server = ScriptedAmi()
    await server.listen()
    yield server
    await server.stop_listening()


async def test_an_accepted_action_returns_asterisks_words(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port)) as (link, _):
        response = await link.action("Setvar", {"Variable": "ACD_HB", "Value": "1"})
    assert response.message == "Variable Set"


async def test_a_refused_action_raises_with_asterisks_words(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port)) as (link, _):
        with pytest.raises(ActionRefused, match="Invalid/unknown command"):
            await link.action("Nonsense", {})


async def test_an_unanswered_action_fails_in_its_own_time_and_the_link_stays_up(asterisk: ScriptedAmi) -> None:
    asterisk.silent.add("Redirect")
    async with linked(quick(asterisk.port)) as (link, _):
        with pytest.raises(ActionTimeout):
            await link.action("Redirect", {"Channel": "x"}, timeout=0.05)
        assert (await link.action("Setvar", {"Variable": "A", "Value": "1"})).message == "Variable Set"


async def test_a_late_answer_is_not_taken_for_the_next_action(asterisk: ScriptedAmi) -> None:
    late: list[tuple[Connection, Mapping[str, str]]] = []
    asterisk.handlers["Redirect"] = lambda connection, action: late.append((connection, action))
    async with linked(quick(asterisk.port)) as (link, _):
        with pytest.raises(ActionTimeout):
            await link.action("Redirect", {"Channel": "x"}, timeout=0.05)
        connection, action = late[0]
        connection.answer(action, "Error", Message="too late")
        assert (await link.action("Setvar", {"Variable": "A", "Value": "1"})).message == "Variable Set"


async def test_answers_out_of_order_reach_their_own_actions(asterisk: ScriptedAmi) -> None:
    waiting: list[tuple[Connection, Mapping[str, str]]] = []
    asterisk.handlers["Getvar"] = lambda connection, action: waiting.append((connection, action))
    async with linked(quick(asterisk.port)) as (link, _):
        first = asyncio.create_task(link.action("Getvar", {"Variable": "A"}))
        second = asyncio.create_task(link.action("Getvar", {"Variable": "B"}))
        await until(lambda: len(waiting) >= 2)
        for connection, action in reversed(waiting):
            connection.answer(action, Value=f"of {action['Variable']}")
        assert (await first).get("value") == "of A"
        assert (await second).get("value") == "of B"


async def test_a_list_comes_without_its_end_and_in_order(asterisk: ScriptedAmi) -> None:
    rows = [[("Event", "Status"), ("Uniqueid", str(number))] for number in range(50)]
    asterisk.handlers["Status"] = lambda connection, action: connection.answer_list(action, rows, "StatusComplete")
    async with linked(quick(asterisk.port)) as (link, _):
        events = await link.action_list("Status", {}, "StatusComplete")
    assert [event["uniqueid"] for event in events] == [str(number) for number in range(50)]


async def test_a_list_that_never_ends_fails_in_its_time(asterisk: ScriptedAmi) -> None:
    asterisk.handlers["Status"] = lambda connection, action: connection.answer(action, EventList="start")
    async with linked(quick(asterisk.port)) as (link, _):
        with pytest.raises(ActionTimeout):
            await link.action_list("Status", {}, "StatusComplete", timeout=0.05)


async def test_a_cancelled_list_is_a_refusal(asterisk: ScriptedAmi) -> None:
    def cancelled(connection: Connection, action: Mapping[str, str]) -> None:
        connection.answer(action, EventList="start")
        connection.write(
            f"Event: StatusComplete2\r\nActionID: {action['ActionID']}\r\nEventList: cancelled\r\n\r\n".encode()
        )

    asterisk.handlers["Status"] = cancelled
    async with linked(quick(asterisk.port)) as (link, _):
        with pytest.raises(ActionRefused, match="cut off"):
            await link.action_list("Status", {}, "StatusComplete")


async def test_nothing_is_sent_while_the_link_is_down(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port)) as (link, stream):
        await asterisk.stop_listening()
        await stream.down()
        with pytest.raises(LinkDownError) as caught:
            await link.action("Redirect", {"Channel": "x"})
    assert caught.value.sent is False
    assert asterisk.actions("Redirect") == []


@pytest.mark.parametrize("poison", ["a\r\nAction: Originate", "a\nb", "a\rb", "a\0b"])
async def test_a_line_end_in_any_part_of_an_action_is_refused(asterisk: ScriptedAmi, poison: str) -> None:
    async with linked(quick(asterisk.port)) as (link, _):
        for attempt in (
            link.action("Setvar", {"Variable": "A", "Value": poison}),
            link.action("Setvar", {poison: "A"}),
            link.action(poison, {}),
            link.action("Originate", {}, variables={"A": poison}),
            link.action("Originate", {}, variables={poison: "A"}),
            link.action_list("Status", {"Variables": poison}, "StatusComplete"),
        ):
            with pytest.raises(UnsafeValue):
                await attempt
        await link.action("Setvar", {"Variable": "A", "Value": "b"})
    assert [action["Action"] for action in asterisk.log if action["Action"] not in ("Login", "CoreStatus", "Ping")] == [
        "Setvar"
    ]


async def test_a_value_that_asterisk_would_cut_is_refused_before_it_is_sent(asterisk: ScriptedAmi) -> None:
    async with linked(quick(asterisk.port)) as (link, _):
        with pytest.raises(UnsafeValue, match="1000"):
            await link.action("Setvar", {"Variable": "A", "Value": "投" * 400})
        with pytest.raises(UnsafeValue, match="headers"):
            await link.action("Originate", {}, variables={f"V{number}": "x" for number in range(200)})
        with pytest.raises(UnsafeValue, match="ActionID"):
            await link.action("Setvar", {"ActionID": "mine"})


async def test_each_variable_is_a_header_of_its_own_with_its_separators_escaped(asterisk: ScriptedAmi) -> None:
    asterisk.handlers["Originate"] = lambda connection, action: connection.answer(action)
    async with linked(quick(asterisk.port)) as (link, _):
        await link.action("Originate", {"Channel": "Local/1"}, variables={"A": "x,B=y", "C": 'say "no" (\\)'})
    sent = asterisk.actions("Originate")[0]["Variable"].split("\n")
    assert sent == ["A=x\\,B=y", 'C=say \\"no\\" \\(\\\\\\)']
