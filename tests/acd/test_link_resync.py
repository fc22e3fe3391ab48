"""What the controller learns of Asterisk after a gap."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from acd.ports import AmiEvent, LinkDownError
from acd.resync import live_channel, snapshot
from hotline.clock import ManualClock
from tests.acd.fake_link import FakeLink

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def _status(uniqueid: str, *variables: str, **fields: str) -> AmiEvent:
    repeated = {"Variable": variables} if len(variables) > 1 else {}
    single = {"Variable": variables[0]} if len(variables) == 1 else {}
    return AmiEvent(
        "Status", {"Uniqueid": uniqueid, "Channel": f"PJSIP/trunk-{uniqueid}", **fields, **single}, repeated
    )


def _device(name: str, state: str) -> AmiEvent:
    return AmiEvent("DeviceStateChange", {"Device": name, "State": state})


def test_our_variables_are_read_and_unset_ones_left_out() -> None:
    channel = live_channel(_status("n1-1.1", "HL_STATE=waiting", "HL_QUEUED=1732.5", "HL_SEAT=(null)", "HL_EPOCH="))
    assert channel.variables == {"HL_STATE": "waiting", "HL_QUEUED": "1732.5"}


def test_a_single_variable_is_read_like_many() -> None:
    assert live_channel(_status("n1-1.1", "HL_STATE=talking")).variables == {"HL_STATE": "talking"}


def test_a_value_with_an_equals_sign_stays_whole() -> None:
    assert live_channel(_status("n1-1.1", "HL_SERVICE=a=b")).variables == {"HL_SERVICE": "a=b"}


def test_a_withheld_number_is_empty_and_odd_seconds_are_zero() -> None:
    channel = live_channel(_status("n1-1.1", CallerIDNum="<unknown>", Seconds="-"))
    assert (channel.caller, channel.seconds) == ("", 0)


async def test_the_snapshot_holds_every_channel_and_tells_registered_seats_from_vanished_ones() -> None:
    link = FakeLink()
    link.come_up()
    link.lists["Status"] = [_status("n1-1.1", BridgeID="b1"), _status("n1-1.2", BridgeID="b1"), _status("")]
    link.lists["DeviceStateList"] = [
        _device("PJSIP/8001", "NOT_INUSE"),
        _device("PJSIP/8002", "INUSE"),
        _device("PJSIP/8003", "UNAVAILABLE"),
        _device("PJSIP/8004", "INVALID"),
        _device("PJSIP/8005", "RINGING"),
        _device("Local/8006", "NOT_INUSE"),
    ]
    floor = await snapshot(link, ManualClock(NOON))
    assert [(channel.uniqueid, channel.bridge) for channel in floor.channels] == [("n1-1.1", "b1"), ("n1-1.2", "b1")]
    assert floor.seats_registered == {"8001", "8002", "8005"}
    assert floor.seats_busy == {"8002", "8005"}
    assert floor.taken_at == NOON


async def test_a_link_lost_while_asking_is_the_askers_to_handle() -> None:
    with pytest.raises(LinkDownError):
        await snapshot(FakeLink())
