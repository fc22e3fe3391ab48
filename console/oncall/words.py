"""The sentences with which a wish during a call is refused, as keys of the catalogue (`acd.commands`, `acd.oncall`)."""

from __future__ import annotations

from console.errors import N_

REFUSALS = (
    N_("Your seat has no call that this could be done with."),
    N_("Say where to: a seat, a service, a level, the manager hotline or a number."),
    N_("Give the number to dial, digits only."),
    N_("That is your own seat."),
    N_("There is no such seat."),
    N_("This seat is not free now; the caller stays with you."),
    N_("Nobody of that kind is at work now; the caller stays with you."),
    N_("Nobody of that kind is free now; the caller stays with you."),
    N_("Calls to the public network are not set up here. Tell the operator."),
    N_("This number may not be dialled from here."),
    N_("You are not consulting anybody now."),
    N_("You are consulting somebody. Take the caller back or join first."),
    N_("The one you consult has not answered yet."),
    N_("Your seat has a call."),
    N_("Your telephone is not registered or you are signed out."),
    N_("The controller was away; nothing was done. Try again."),
    N_("The telephone system could not do it, perhaps because the call has just changed. Try again."),
)
