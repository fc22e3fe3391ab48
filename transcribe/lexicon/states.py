"""From a draft of the lexicon to the live one, and back."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    DRAFT = "draft"
    """Words are put in and taken out."""
    MEASURED = "measured"
    """Compared with the live one on stored samples, and no worse; a further change makes it a draft again."""
    LIVE = "live"
    PAST = "past"
    """Another went live after it; a roll-back brings it back."""
    ROLLED_BACK = "rolled_back"
    GIVEN_UP = "given_up"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.MEASURED, State.LIVE, State.GIVEN_UP}),
    State.MEASURED: frozenset({State.DRAFT, State.LIVE, State.GIVEN_UP}),
    State.LIVE: frozenset({State.PAST, State.ROLLED_BACK}),
    State.PAST: frozenset({State.LIVE}),
    State.ROLLED_BACK: frozenset(),
    State.GIVEN_UP: frozenset(),
}
OPEN = frozenset({State.DRAFT, State.MEASURED})
"""States in which words can be changed; one version at a time is in one of them."""
