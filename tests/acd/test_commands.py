"""`hotline seats` and `hotline customers`, as an operator types them."""

from __future__ import annotations

import json

import pytest

from acd.errors import DeskError
from hotline.cli import explain, run


def hotline(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    run(arguments)
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def installation(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database_url)
    monkeypatch.setenv("HOTLINE_INSTANCE", "commands-test")
    monkeypatch.setenv("HOTLINE_DATA", str(tmp_path))


def test_a_seats_day(capsys: pytest.CaptureFixture[str]) -> None:
    made = json.loads(hotline(capsys, "seats", "add", "8001", "--name", "张三", "--level", "senior", "--json"))
    assert made["extension"] == "8001"
    assert len(made["sip_secret"]) >= 24
    assert hotline(capsys, "seats", "login", "8001") == "seat 8001 is break\n"
    assert hotline(capsys, "seats", "ready", "8001") == "seat 8001 is ready\n"
    assert hotline(capsys, "seats", "break", "8001", "lunch") == "seat 8001 is break\n"
    listed = json.loads(hotline(capsys, "seats", "list", "--json"))
    assert listed["leader"] is None
    (seat,) = listed["seats"]
    assert (seat["name"], seat["level"], seat["state"], seat["break_reason"]) == ("张三", "senior", "break", "lunch")
    assert "lunch" in hotline(capsys, "seats", "list")
    assert hotline(capsys, "seats", "logout", "8001") == "seat 8001 is offline\n"
    assert hotline(capsys, "seats", "remove", "8001") == "seat 8001 removed\n"
    assert "no seats yet" in hotline(capsys, "seats", "list")


def test_a_seat_with_some_skills(capsys: pytest.CaptureFixture[str]) -> None:
    hotline(capsys, "seats", "add", "8002", "--skill", "report", "--skill", "complaint")
    (seat,) = json.loads(hotline(capsys, "seats", "list", "--json"))["seats"]
    assert seat["skills"] == {"complaint": 3, "report": 3}


def test_a_seat_is_staffed_otherwise_for_a_while_and_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    hotline(capsys, "seats", "add", "8001", "--skill", "complaint:5", "--class", "key_account")
    said = hotline(capsys, "seats", "staff", "8001", "--level", "senior", "--skill", "report:2", "--minutes", "90")
    assert said.startswith("seat 8001 is senior report:2 for key_account until ")
    (seat,) = json.loads(hotline(capsys, "seats", "list", "--json"))["seats"]
    assert (seat["level"], seat["skills"], seat["classes"]) == ("senior", {"report": 2}, ["key_account"])
    assert seat["redeployed_until"] is not None
    assert "then junior" in hotline(capsys, "seats", "list")
    hotline(capsys, "seats", "back", "8001")
    (seat,) = json.loads(hotline(capsys, "seats", "list", "--json"))["seats"]
    assert (seat["level"], seat["skills"], seat["redeployed_until"]) == ("junior", {"complaint": 5}, None)
    assert hotline(capsys, "seats", "staff", "8001", "--level", "clerk") == (
        "seat 8001 is clerk complaint:5 for key_account\n"
    )


def test_the_promise_of_a_day_without_calls_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert "0 asked for a person" in hotline(capsys, "promise", "--day", "2026-03-15", "--breaches")
    told = json.loads(hotline(capsys, "promise", "--day", "2026-03-15", "--json", "--breaches"))
    assert (told["asked"], told["all"]["share"], told["breaches"]) == (0, None, [])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("seats", "ready", "8009"), "there is no seat 8009"),
        (("seats", "add", "0012"), "'0012' is no extension"),
        (("seats", "add", "8004", "--skill", "complaint:9"), "skill complaint has level 9"),
        (("seats", "back", "8009"), "there is no seat 8009"),
        (("customers", "add", "abc"), "'abc' is no telephone number"),
        (("customers", "remove", "13900000000"), "13900000000 is not known"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(DeskError) as refused:
        run(arguments)
    status, said = explain(refused.value)
    assert status == 1
    assert said.startswith(sentence)


def test_customers_are_known_by_number_with_or_without_the_country_code(capsys: pytest.CaptureFixture[str]) -> None:
    hotline(capsys, "customers", "add", "+86 139 0000 1111", "--name", "某公司")
    hotline(capsys, "customers", "add", "13900001111", "--name", "某公司", "--class", "leased_line")
    listed = json.loads(hotline(capsys, "customers", "list", "--json"))["customers"]
    assert listed == [{"number": "13900001111", "name": "某公司", "class": "leased_line"}]
    hotline(capsys, "customers", "remove", "008613900001111")
    assert "no customers yet" in hotline(capsys, "customers", "list")
