"""What can go wrong at the clerks' desk, each with a code and a sentence for the person in front of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cases.errors import CaseError

if TYPE_CHECKING:
    from cases.desk_rows import ItemView


class ItemMissing(CaseError):
    """Nothing on the desk has this reference."""

    code = "desk_item_missing"


class ItemOver(CaseError):
    """It was entered, given up, or registered by the agent."""

    code = "desk_item_over"


class TakenByOther(CaseError):
    """Another person works on it; `name` is who, `since` when it was taken."""

    code = "desk_taken"

    def __init__(self, ref: str, name: str, since: datetime | None) -> None:
        super().__init__(f"{name} works on {ref}; take another one, or ask the shift leader to give it to you")
        self.name = name
        self.since = since


class NotForYou(CaseError):
    """It waits for another person or role."""

    code = "desk_not_for_you"


class NotOnYourDesk(CaseError):
    """It is nobody's by now, so that this page's words about it count no more; take it again."""

    code = "desk_not_yours"


class HandedBadly(CaseError):
    """The person or role does not enter such things, or none was named."""

    code = "desk_handed_badly"


class Reread(CaseError):
    """The recording was recognised again, or the text's words were changed, since the form was opened."""

    code = "desk_reread"


class Erased(CaseError):
    """The recording was deleted, and its words with it: what was typed of them is not kept again."""

    code = "desk_erased"


class StaleItem(CaseError):
    """Another window has saved since; `current` is what stands there now."""

    code = "desk_stale"

    def __init__(self, current: ItemView) -> None:
        super().__init__(f"{current.ref} is at version {current.version} by now; look at it before you save")
        self.current = current
