"""Words that a clerk picks from the turns become what the field wants."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import console

MODULE = Path(console.__file__).parent / "scripts" / "desk-numbers.js"
SAID = {
    ("phone", "幺三九幺二三四五六七八。"): "13912345678",
    ("phone", "138 0000-0000"): "13800000000",
    ("amount", "三十块钱"): "30",
    ("amount", "三十五块五"): "35.5",
    ("amount", "一百二"): "120",
    ("amount", "一百零二块"): "102",
    ("amount", "两千零三十元"): "2030",
    ("amount", "十五"): "15",
    ("amount", "一万二"): "12000",
    ("amount", "两万三千五百块"): "23500",
    ("amount", "30.50元"): "30.50",
    ("amount", "乱收费"): "乱收费",
    ("place", "，城东营业厅。"): "城东营业厅",
}


def test_numbers_and_sums_are_read_as_they_are_said() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here; `make setup` installs it")
    program = (
        f"import {{ taken }} from {json.dumps(MODULE.as_uri())};"
        f"console.log(JSON.stringify({json.dumps(list(SAID))}.map(([field, words]) => taken(field, words))))"
    )
    told = subprocess.run(
        [node, "--input-type=module", "-e", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert json.loads(told.stdout) == list(SAID.values())
