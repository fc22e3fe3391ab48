"""The registration form as the page shows it: which fields with which names, and what is wrong in the agent's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cases.promises import promises
from cases.registration_form import Category, Cause, Consent, Detail, Informed, Problem
from cases.registrations import Reason, RegistrationView
from console.errors import N_

CATEGORIES: Final[Mapping[str, str]] = {
    Category.OPERATION: N_("operation and service"),
    Category.NEW_BUSINESS: N_("new business"),
}
CAUSES: Final[Mapping[str, str]] = {
    Cause.TARIFF: N_("tariff"),
    Cause.MARKETING: N_("marketing"),
    Cause.FULFILMENT: N_("service fulfilment"),
    Cause.TECHNICAL: N_("technical"),
    Cause.PARTNER: N_("partner"),
    Cause.CONTENT: N_("information content"),
    Cause.HANDLING: N_("complaint handling"),
}
DETAILS: Final[Mapping[str, str]] = {
    Detail.VOICE_INFORMATION: N_("Q-coin or 168 voice information"),
    Detail.DATA_BY_DEFAULT: N_("data service on by default"),
    Detail.CHANNEL: N_("subscribed by mistake or on purpose"),
    Detail.APPOINTMENT: N_("appointment missed or moved"),
    Detail.NUMBER_CHOICE: N_("number choice too small"),
    Detail.PARTNER_SHOP: N_("partner shop's error"),
    Detail.PLAN_EXPLAINED: N_("plan explained badly"),
    Detail.BILL_UNCLEAR: N_("bill unclear"),
    Detail.PLAN_ROLLED_OVER: N_("plan rolled over to a new tariff"),
    Detail.FORCED_SERVICE: N_("forced value-added service"),
    Detail.TERMINAL_SUBSIDY: N_("terminal subsidy at renewal"),
    Detail.SIM_FEE: N_("SIM fee for old customers"),
    Detail.VIP_SAME: N_("VIP service not different"),
}
CONSENTS: Final[Mapping[str, str]] = {
    Consent.AGREED: N_("agreed"),
    Consent.REFUSED: N_("refused"),
    Consent.NOT_ASKED: N_("nothing to agree to"),
}
INFORMED: Final[Mapping[str, str]] = {
    Informed.LIMIT: N_("Told: a reply within 48 hours"),
    Informed.CHANNEL: N_("Asked: how and when to reply"),
    Informed.COST: N_("Told: fees and from when a change holds"),
    Informed.READ_BACK: N_("Read back, and the caller agreed"),
}
REASONS: Final[Mapping[str, str]] = {
    Reason.LOOK_UP: N_("standard looked up and told"),
    Reason.SETTLED: N_("settled in the call, nothing to note"),
    Reason.HANDED_ON: N_("handed on, the next seat registers it"),
    Reason.NOBODY: N_("nobody spoke"),
    Reason.WRONG_NUMBER: N_("wrong number"),
}
PROBLEMS: Final[Mapping[Problem, str]] = {
    Problem.MISSING: N_("This must be filled in."),
    Problem.NOT_IN_LIST: N_("Choose one of the list."),
    Problem.NOT_A_NUMBER: N_("A number has 5 to 20 digits and nothing else."),
    Problem.NOT_AN_AMOUNT: N_("Write the amount in digits, such as 35.50."),
    Problem.TOO_LONG: N_("This is too long; keep it under 2000 characters, one line under 200."),
    Problem.NO_SUCH_ORDER: N_("There is no order of this number."),
}


def said(found: Mapping[str, Problem]) -> dict[str, str]:
    """Catalogue keys of what is wrong, by field."""
    return {name: PROBLEMS[problem] for name, problem in found.items()}


def promised(view: RegistrationView) -> tuple[str, ...]:
    """What in the field of promises promises a date (D111)."""
    return promises(view.fields.get("promised", ""))
