"""HTTP byte ranges as RFC 9110 §14 has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.ranges import ByteRange, Part, Unsatisfiable, Whole, parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Whole()),
        ("bytes=0-", Part(0, 999)),
        ("bytes=0-0", Part(0, 0)),
        ("bytes=100-199", Part(100, 199)),
        ("Bytes=100-199", Part(100, 199)),
        ("bytes= 100-199 ", Part(100, 199)),
        ("bytes=990-5000", Part(990, 999)),
        ("bytes=-1", Part(999, 999)),
        ("bytes=-5000", Part(0, 999)),
        ("bytes=00100-000199", Part(100, 199)),
        (f"bytes=5-{'9' * 5000}", Part(5, 999)),
        ("bytes=1000-", Unsatisfiable()),
        ("bytes=-0", Unsatisfiable()),
        ("bytes=200-100", Unsatisfiable()),
        (f"bytes={'9' * 5000}-", Unsatisfiable()),
        ("bytes=", Unsatisfiable()),
        ("bytes=-", Unsatisfiable()),
        ("bytes", Unsatisfiable()),
        ("bytes=a-b", Unsatisfiable()),
        ("bytes=1-2-3", Unsatisfiable()),
        ("bytes=+1-2", Unsatisfiable()),
        ("bytes=１-２", Unsatisfiable()),
        ("bytes=0-1\r\nX: y", Unsatisfiable()),
        ("", Unsatisfiable()),
        ("lines=1-2", Whole()),
        ("bytes=0-1, 5-9", Whole()),
        ("bytes=0-1,5-9,nonsense", Unsatisfiable()),
        ("bytes=5000-,6000-", Unsatisfiable()),
    ],
)
def test_a_range_header_asks_for(header: str | None, expected: ByteRange) -> None:
    assert parse_range(header, 1000) == expected


@given(st.one_of(st.text(max_size=40), st.from_regex(r"bytes=[0-9, -]{0,30}", fullmatch=True)), st.integers(1, 10**10))
def test_no_header_ever_reaches_outside_the_file(header: str, size: int) -> None:
    found = parse_range(header, size)
    if isinstance(found, Part):
        assert 0 <= found.first <= found.last < size
        assert found.length == found.last - found.first + 1


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(1, 1500))
def test_a_well_formed_range_gives_the_bytes_it_names(first: int, last: int, size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    found = parse_range(f"bytes={first}-{last}", size)
    if first > last or first >= size:
        assert found == Unsatisfiable()
    else:
        assert isinstance(found, Part)
        assert content[found.first : found.last + 1] == content[first : last + 1]
