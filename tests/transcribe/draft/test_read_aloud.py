"""What is read aloud to nobody makes no case, whatever trouble it tells of; the same trouble of one's own does."""

from __future__ import annotations

import pytest

from transcribe.draft import Kind, extract
from transcribe.turns import Turn

NEWS = (
    "再次释放坚决执行房地产调控信号。",
    "涉嫌盗用他人作品的网站被查处。",
    "这样的市场制度非常不好。",
    "有关部门就这个问题展开调查。",
    "多家企业因为虚假宣传被处罚。",
)


def kind_of(*lines: str) -> Kind:
    return extract([Turn("caller", 4.0 * at, 4.0 * at + 3.5, line) for at, line in enumerate(lines)]).kind


def test_read_news_is_no_complaint() -> None:
    assert [line for line in NEWS if kind_of(line) is not Kind.ENQUIRY] == []
    assert kind_of(*NEWS[:3]) is Kind.ENQUIRY


@pytest.mark.parametrize(
    "line", ["我家里信号一直不好，打不了电话。", "你们这样乱收费非常不好。", "网速太慢了，老是掉线，晚上根本没法上网。"]
)
def test_trouble_of_ones_own_is_a_complaint(line: str) -> None:
    assert kind_of(line) is Kind.COMPLAINT
