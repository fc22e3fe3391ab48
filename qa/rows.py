"""Calls from a CSV file, for `hotline qa draw`; errors name the line and the column."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from qa.errors import BadRows
from qa.sampler import Row

HEADER = ("id", "day", "business", "seat")


def read_rows(path: Path) -> tuple[Row, ...]:
    """Read a UTF-8 CSV file (a byte-order mark, CRLF and quotes are fine) with the header `id,day,business,seat`.

    Blank lines are passed over, spaces around a value are not part of it, and `seat` may be empty (a message left
    while no seat was free). Raises BadRows.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadRows(f"cannot read {path}: {error.strerror}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadRows(f"{path.name}, line {line}: not UTF-8; save the file as CSV in UTF-8 encoding") from error
    return parse_rows(text, path.name)


def parse_rows(text: str, name: str) -> tuple[Row, ...]:
    """The rows of one CSV text; `name` is what errors call the file."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    lines: dict[str, int] = {}
    header: tuple[str, ...] | None = None
    started = 1
    try:
        for cells in reader:
            line, started = started, reader.line_num + 1
            values = tuple(cell.strip() for cell in cells)
            if not any(values):
                continue
            if header is None:
                header = tuple(value.lower() for value in values)
                _check_header(header, f"{name}, line {line}")
                continue
            row = _row(values, f"{name}, line {line}")
            if row.id in lines:
                raise BadRows(
                    f"{name}, line {line}, column id: {row.id!r} is already on line {lines[row.id]}; "
                    "every call may be listed once"
                )
            lines[row.id] = line
            rows.append(row)
    except csv.Error as error:
        raise BadRows(f"{name}, line {reader.line_num}: not valid CSV ({error}); check the quotes") from error
    if header is None:
        raise BadRows(f"{name} is empty; its first line must be {','.join(HEADER)}")
    return tuple(rows)


def _check_header(found: tuple[str, ...], where: str) -> None:
    if found == HEADER:
        return
    for column, (expected, actual) in enumerate(zip(HEADER, found, strict=False), start=1):
        if expected != actual:
            raise BadRows(
                f"{where}, column {column}: the header must be {','.join(HEADER)}; found {actual!r}, not {expected!r}"
            )
    raise BadRows(f"{where}: the header must be {','.join(HEADER)}; found {len(found)} columns, not {len(HEADER)}")


def _row(values: tuple[str, ...], where: str) -> Row:
    if len(values) != len(HEADER):
        raise BadRows(f"{where}: {len(values)} columns where the header has {len(HEADER)} ({','.join(HEADER)})")
    row = Row(*values)
    for column in ("id", "day", "business"):
        if not getattr(row, column):
            raise BadRows(f"{where}, column {column}: empty; every call needs its {column}")
    try:
        plain = date.fromisoformat(row.day).isoformat() == row.day
    except ValueError:
        plain = False
    if not plain:
        raise BadRows(f"{where}, column day: {row.day!r} is not a day; write it as 2026-11-21")
    return row
