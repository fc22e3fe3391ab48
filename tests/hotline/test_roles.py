"""Every cell of the table of roles and actions, written out a second time."""

from __future__ import annotations

import pytest

from hotline.roles import Action, Denied, Role, allows, demand

ROWS = """
                 junior senior text_clerk recording_clerk surveyor data_manager inspector statistician shift_leader manager administrator
floor.view         x      x       x             x            .          .           x          .            x          x          x
seat.self          x      x       x             x            .          .           x          .            x          x          .
seat.manage        .      .       .             .            .          .           .          .            x          x          x
phone.manage       .      .       .             .            .          .           .          .            x          x          x
call.listen        .      .       .             .            .          .           x          .            x          x          .
call.whisper       .      .       .             .            .          .           .          .            x          x          .
call.barge         .      .       .             .            .          .           .          .            x          x          .
recording.view     .      x       .             x            .          x           x          .            x          x          .
recording.unchecked .     .       .             .            .          .           .          .            x          x          .
recording.by_ear   .      x       .             x            .          .           .          .            .          .          .
recording.recognise .     .       .             .            .          x           .          .            x          x          .
sensitive.view     .      .       .             .            .          x           .          .            .          x          .
recording.replay   .      x       .             x            .          .           x          .            x          x          .
recording.export   .      .       .             .            .          x           .          .            .          x          .
recording.erase    .      .       .             .            .          .           .          .            .          x          .
draft.view         .      x       .             x            .          x           x          .            x          x          .
draft.confirm      .      x       .             x            .          .           .          .            .          .          .
desk.view          .      x       x             x            .          x           x          .            x          x          .
desk.work          .      x       x             x            .          .           .          .            .          .          .
desk.assign        .      .       .             .            .          .           .          .            x          x          .
clerks.view        .      .       .             .            .          .           x          .            x          x          .
text.view          .      x       x             .            .          x           x          .            x          x          .
text.write         .      x       x             .            .          .           .          .            .          .          .
text.original      .      .       .             .            .          x           .          .            .          x          .
text.remove        .      .       .             .            .          x           .          .            .          x          .
lexicon.view       .      .       .             x            .          x           x          .            x          x          .
lexicon.propose    .      x       .             x            .          x           x          .            .          .          .
lexicon.manage     .      .       .             .            .          x           .          .            .          .          .
reference.write    .      .       .             x            .          .           x          .            .          .          .
model.manage       .      .       .             .            .          x           .          .            .          x          .
figures.view       .      .       .             .            .          x           x          x            x          x          .
difference.view    .      .       .             .            .          .           x          .            x          x          .
order.view         x      x       x             x            x          x           x          x            x          x          .
registration.write x      x       x             x            .          .           .          .            .          x          .
sample.view        .      .       .             .            .          .           x          x            x          x          .
sample.draw        .      .       .             .            .          .           x          .            .          .          .
score.write        .      .       .             .            .          .           x          .            .          .          .
message.send       .      .       .             .            .          .           .          .            x          x          .
notice.write       .      .       .             .            .          x           .          .            x          x          .
notice.confirm     x      x       x             x            .          .           .          .            .          .          .
roster.view        .      .       .             .            .          .           .          x            x          x          .
roster.manage      .      .       .             .            .          .           .          .            x          x          .
wallboard.view     x      x       x             x            .          .           x          x            x          x          x
menu.view          .      .       .             .            .          .           .          .            x          x          x
menu.manage        .      .       .             .            .          .           .          .            .          x          x
announcement.manage .     .       .             .            .          .           .          .            x          x          .
survey.view        .      .       .             .            x          .           x          x            x          x          .
callback.view      .      x       .             .            .          .           .          .            x          x          .
callback.manage    .      .       .             .            .          .           .          .            x          x          .
promise.view       .      .       .             .            .          .           x          x            x          x          .
audit.view         .      .       .             .            .          .           .          .            .          x          x
user.manage        .      .       .             .            .          .           .          .            .          .          x
"""  # noqa: E501 - a table

_HEAD, *_LINES = [line.split() for line in ROWS.strip().splitlines()]
CELLS = [
    (Role(role), Action(line[0]), mark == "x") for line in _LINES for role, mark in zip(_HEAD, line[1:], strict=True)
]


def test_the_table_has_a_cell_for_every_role_and_action() -> None:
    assert {(role, action) for role, action, _ in CELLS} == {(role, action) for role in Role for action in Action}


@pytest.mark.parametrize(("role", "action", "expected"), CELLS)
def test_cell(role: Role, action: Action, expected: bool) -> None:
    assert allows(role, action) is expected
    if expected:
        demand(role, action)
    else:
        with pytest.raises(Denied, match=action.value):
            demand(role, action)
