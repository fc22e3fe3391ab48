"""The desk's table of states, whoever does what in whatever order: one item never has two owners."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from cases.desk_states import TRANSITIONS, Claim, ItemState, Taking, standing, taking
from hotline.accounts import Subject
from hotline.roles import Role

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PEOPLE = tuple(
    Subject(uuid4(), role.value, role.value, role, None)
    for role in (Role.RECORDING_CLERK, Role.TEXT_CLERK, Role.SENIOR, Role.JUNIOR, Role.SHIFT_LEADER)
)
IDS = st.sampled_from([None, *(person.user_id for person in PEOPLE)])
LEASES = st.one_of(st.none(), st.integers(-600, 600).map(lambda seconds: NOW + timedelta(seconds=seconds)))


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    state = draw(st.sampled_from(ItemState))
    owner: UUID | None = draw(IDS) if state in {ItemState.TAKEN, ItemState.HELD} else None
    for_id = draw(IDS)
    for_role = draw(st.sampled_from([None, Role.SENIOR.value])) if for_id is None else None
    return Claim(state, owner, for_id, for_role, draw(LEASES))


@given(claims())
def test_an_item_is_one_persons_and_only_by_the_table(claim: Claim) -> None:
    told = {person.user_id: taking(claim, person, NOW) for person in PEOPLE}
    now = standing(claim, NOW)
    if now in {ItemState.TAKEN, ItemState.HELD}:
        assert claim.lease_until is not None
        assert claim.lease_until > NOW
        for person, answer in told.items():
            assert (answer is Taking.TAKEN) == (person != claim.owner_id)
    if any(answer is Taking.GRANTED for answer in told.values()):
        assert ItemState.TAKEN in TRANSITIONS[claim.state]
    if now is ItemState.DONE:
        assert set(told.values()) == {Taking.OVER}


@given(claims())
def test_nobody_takes_what_is_for_another_and_seniors_only_what_was_handed_on(claim: Claim) -> None:
    for person in PEOPLE:
        if taking(claim, person, NOW) is not Taking.GRANTED:
            continue
        match standing(claim, NOW):
            case ItemState.WAITING:
                assert person.role in {Role.RECORDING_CLERK, Role.TEXT_CLERK}
            case ItemState.HANDED_ON:
                assert person.user_id == claim.for_id or (claim.for_id is None and person.role.value == claim.for_role)
            case other:
                assert other is ItemState.HELD
                assert person.user_id == claim.owner_id


def test_only_what_is_done_stays_and_every_state_can_be_reached() -> None:
    assert set(TRANSITIONS) == set(ItemState)
    assert {state for after in TRANSITIONS.values() for state in after} == set(ItemState)
    assert all(ItemState.DONE in after for state, after in TRANSITIONS.items() if state is not ItemState.DONE)
