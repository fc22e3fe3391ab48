"""Limits and standards (D7): found by what an agent types, checked when the console starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from cases.standards import BadStandards, read_standards, standards


def test_an_agent_finds_a_limit_by_the_matter_or_by_what_callers_call_it() -> None:
    assert [each.id for each in standards().find("报修", "fixed_line")] == ["repair"]
    assert "refused" in {each.id for each in standards().find("彩铃", "")}
    assert standards().find("彩铃 不存在", "") == ()


def test_entries_of_the_business_come_first_and_those_of_another_not_at_all() -> None:
    found = standards().find("", "fixed_line")
    own = [bool(each.business) for each in found]
    assert own == sorted(own, reverse=True)
    assert "data-repair" not in {each.id for each in found}
    assert "reply" in {each.id for each in found}


ENTRY = "\n- {id: a, matter: x, limit: y, source: z}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: '1'\nentries: []", "entries"),
        ("version: '1'\nentries:\n- {id: a, matter: x, limit: y, source: z, busines: [mobile]}", "busines"),
        ("version: '1'\nentries:\n- {id: a, matter: x, limit: y, source: z, business: [cable]}", "business"),
        (f"version: '1'\nentries:{ENTRY}{ENTRY}", "twice"),
        ("entries: [", "cannot be read"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "standards.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(BadStandards, match=said):
        read_standards(file)
