"""`hotline qa draw` and `hotline qa verify` as scripts use them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline.commands.qa import app

HEADER = "id,day,business,seat\n"
ROWS = [f"n1-{i},2026-11-{16 + i % 5},{('mobile', 'data')[i % 2]},{8001 + i % 3}\n" for i in range(210)]


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_prints_one_json_object_with_ids_per_day_and_business(tmp_path: Path) -> None:
    calls = tmp_path / "calls.csv"
    calls.write_text(HEADER + "".join(ROWS), "utf-8")
    code, out, err = run("draw", calls, "--rate", "0.05", "--seed", 7, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert set(told["drawn"]) == {f"2026-11-{day}" for day in range(16, 21)}
    assert {len(ids) for by in told["drawn"].values() for ids in by.values()} == {2}  # 21 calls each
    assert told["short"] == {}


def test_same_rows_in_another_order_encoding_and_quoting_draw_the_same(tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text(HEADER + "".join(ROWS), "utf-8")
    quoted = "".join('"' + row.strip().replace(",", '","') + '"\r\n' for row in reversed(ROWS))
    other.write_bytes(b"\xef\xbb\xbf" + ("id,day,business,seat\r\n\r\n" + quoted).encode())
    assert run("draw", one, "--seed", 7, "--json") == run("draw", other, "--seed", 7, "--json")


def test_tells_what_a_seat_is_short_of_in_a_week(tmp_path: Path) -> None:
    calls = tmp_path / "calls.csv"
    calls.write_text(HEADER + "a,2026-11-20,移动,8001\nb,2026-11-23,移动,8001\nc,2026-11-20,宽带,\n", "utf-8")
    told = json.loads(run("draw", calls, "--seed", 1, "--json")[1])
    assert told["short"] == {"8001": {"2026-W47": 1, "2026-W48": 1}}
    assert told["drawn"]["2026-11-20"] == {"宽带": ["c"], "移动": ["a"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("id,date,business,seat\n", "line 1, column 2: the header must be id,day,business,seat; found 'date'"),
        ("id,day,business\n", "line 1: the header must be id,day,business,seat; found 3 columns"),
        (HEADER + "a,2026-11-20,m,1\nb,20.11.2026,m,1\n", "line 3, column day: '20.11.2026' is not a day"),
        (HEADER + "a,2026-02-29,m,1\n", "line 2, column day"),
        (HEADER + " ,2026-11-20,m,1\n", "line 2, column id: empty"),
        (HEADER + "a,2026-11-20,,1\n", "line 2, column business: empty"),
        (HEADER + "a,2026-11-20,m\n", "line 2: 3 columns"),
        (HEADER + "a,2026-11-20,m,1\n\nb,2026-11-20,m,1\na,2026-11-21,m,1\n", "line 5, column id: 'a' is already on"),
        (HEADER + 'a,"2026-11-20,m,1\n', "not valid CSV"),
        (HEADER + '"a\nb",2026-11-20,m,1\nc,x,m,1\n', "line 4, column day"),
    ],
)
def test_file_that_cannot_be_drawn_from_is_refused_by_line_and_column(
    tmp_path: Path, content: str, message: str
) -> None:
    calls = tmp_path / "calls.csv"
    calls.write_text(content, "utf-8")
    code, out, err = run("draw", calls, "--seed", 1, "--json")
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    calls = tmp_path / "calls.csv"
    calls.write_bytes((HEADER + "a,2026-11-20,宽带,8001\n").encode("gbk"))
    code, out, err = run("draw", calls, "--seed", 1, "--json")
    assert (code, out) == (2, "")
    assert "line 2: not UTF-8" in err


@pytest.mark.parametrize("arguments", [["--rate", "0"], ["--rate", "1.5"], ["--rate", "x"], ["--seed", "x"]])
def test_wrong_rate_or_seed_is_wrong_use(tmp_path: Path, arguments: list[str]) -> None:
    calls = tmp_path / "calls.csv"
    calls.write_text(HEADER, "utf-8")
    code, out, _ = run("draw", calls, "--seed", "1", "--json", *arguments)
    assert (code, out) == (2, "")


def test_missing_file_and_missing_seed_are_wrong_use(tmp_path: Path) -> None:
    assert run("draw", tmp_path / "none.csv", "--seed", 1, "--json")[0] == 2
    assert run("draw", tmp_path / "none.csv", "--json")[0] == 2


def test_stored_draw_is_verified_and_a_changed_one_is_told(tmp_path: Path) -> None:
    calls, stored = tmp_path / "calls.csv", tmp_path / "draw.json"
    calls.write_text(HEADER + "".join(ROWS), "utf-8")
    told = json.loads(run("draw", calls, "--rate", "0.07", "--seed", 9, "--json")[1])
    stored.write_text(json.dumps(told), "utf-8")
    assert run("verify", stored, "--rows", calls)[0] == 0
    ids = told["drawn"]["2026-11-16"]["mobile"]
    told["drawn"]["2026-11-16"]["mobile"] = ["n1-swapped", *ids[1:]]
    stored.write_text(json.dumps(told), "utf-8")
    code, out, err = run("verify", stored, "--rows", calls)
    assert (code, out) == (1, "")
    assert "n1-swapped" in err
    assert ids[0] in err


@pytest.mark.parametrize("content", ["", "[]", '{"algorithm": "sha256-rank-1"}', '{"algorithm": "md5"}'])
def test_file_that_is_no_stored_draw_is_wrong_use(tmp_path: Path, content: str) -> None:
    calls, stored = tmp_path / "calls.csv", tmp_path / "draw.json"
    calls.write_text(HEADER, "utf-8")
    stored.write_text(content, "utf-8")
    assert run("verify", stored, "--rows", calls)[0] == 2
