"""A caller's number as people read it aloud, and the city that its area code belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType

from acd.customers import plain_number

AREAS = MappingProxyType(
    {
        "010": "北京", "020": "广州", "021": "上海", "022": "天津", "023": "重庆", "024": "沈阳", "025": "南京",
        "027": "武汉", "028": "成都", "029": "西安", "0311": "石家庄", "0351": "太原", "0371": "郑州", "0411": "大连",
        "0431": "长春", "0451": "哈尔滨", "0471": "呼和浩特", "0512": "苏州", "0531": "济南", "0532": "青岛",
        "0551": "合肥", "0571": "杭州", "0574": "宁波", "0591": "福州", "0592": "厦门", "0731": "长沙", "0755": "深圳",
        "0771": "南宁", "0791": "南昌", "0851": "贵阳", "0871": "昆明", "0891": "拉萨", "0898": "海口", "0931": "兰州",
        "0951": "银川", "0971": "西宁", "0991": "乌鲁木齐",
    }
)  # fmt: skip
"""Area codes of larger cities. A mobile number says nothing of a place that its owner could not have left."""
_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_LANDLINE = re.compile(r"(0(?:10|2[0-9]|[3-9][0-9]{2}))([0-9]{3,4})([0-9]{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Number:
    """`shown` is what the agent reads, empty for a withheld number; `plain` is what it is searched by."""

    shown: str
    plain: str
    place: str

    @property
    def spellings(self) -> tuple[str, ...]:
        """How trunks write this number."""
        return (self.plain, f"+86{self.plain}", f"86{self.plain}", f"0086{self.plain}") if self.plain else ()


def number_of(caller: str) -> Number:
    """Read a number as it was told; what has no known shape is shown as it is."""
    plain = plain_number(caller)
    if len(plain) == 13 and plain.startswith("86") and _MOBILE.fullmatch(plain[2:]):
        plain = plain[2:]
    if _MOBILE.fullmatch(plain):
        return Number(f"{plain[:3]} {plain[3:7]} {plain[7:]}", plain, "")
    found = _LANDLINE.fullmatch(plain)
    if found:
        return Number(" ".join(found.groups()), plain, AREAS.get(found[1], ""))
    return Number(plain, plain, "")
