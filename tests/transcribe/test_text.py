"""Written Chinese as a reader expects it, whatever the recogniser's bytes."""

from __future__ import annotations

import pytest

from transcribe.text import full_width


@pytest.mark.parametrize(
    ("heard", "read"),
    [
        ("您好１很高兴为您服务", "您好，很高兴为您服务"),
        ("我姓李Ｇ我家宽带坏了", "我姓李，我家宽带坏了"),
        ("请讲﹑", "请讲，"),
        ("好的,再见!", "好的，再见！"),
        ("1,000元的4G套餐", "1,000元的4G套餐"),
    ],
)
def test_punctuation_is_chinese_and_a_torn_comma_is_mended(heard: str, read: str) -> None:
    assert full_width(heard) == read
