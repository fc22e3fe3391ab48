"""The reminder that no date may be promised (D111), and the one figure that may be named (D86)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.promises import promises


@pytest.mark.parametrize(
    "said",
    [
        "明天一定给您解决",
        "我保证三天内退款", "保证3天之内修好", "两个工作日内到账", "承诺本周五前上门", "今天就给您恢复",
        "肯定下周一开通",
        "24小时内修复", "最迟月底一定退费", "马上给您处理好", "已答应客户明早上门", "十二月三号前装好",
        "48小时内退款到账", "确保后天恢复",
    ],
)  # fmt: skip
def test_a_promise_of_a_date_is_found(said: str) -> None:
    assert promises(said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "已告知48小时内答复", "我们会在四十八小时之内回复您", "已登记并转相关部门核实", "客户称三天前报修",
        "请客户保持电话畅通",
        "一定认真核实", "答应转告部门", "已说明费用为每月30元", "48小时内回电告知处理结果",
    ],
)  # fmt: skip
def test_what_promises_no_date_is_left_alone(said: str) -> None:
    assert promises(said) == ()


def test_the_words_that_promise_are_quoted_and_nothing_else() -> None:
    said = "已告知48小时内答复。另外保证明天上门，客户同意。"
    assert promises(said) == ("保证明天上门",)


@given(st.text(max_size=200))
def test_what_is_quoted_stands_in_the_text(said: str) -> None:
    for stretch in promises(said):
        assert stretch
        assert stretch in said
