"""Catalogue keys of the words that rooms keep as values: business types (D4), natures (D5), roles, states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from console.errors import N_

KINDS: Final[Mapping[str, str]] = {
    "complaint": N_("complaint"),
    "suggestion": N_("suggestion"),
    "enquiry": N_("enquiry"),
    "report": N_("bad-information report"),
}
SERVICES: Final[Mapping[str, str]] = {
    "complaint": N_("complaint"),
    "suggestion": N_("suggestion"),
    "standards": N_("standards look-up"),
    "report": N_("bad-information report"),
}
BUSINESS: Final[Mapping[str, str]] = {
    "fixed_line": N_("fixed line"),
    "mobile": N_("mobile"),
    "data": N_("data, broadband"),
    "payphone": N_("payphone"),
    "phone_card": N_("phone card"),
    "information": N_("information"),
    "other": N_("other"),
}
NATURES: Final[Mapping[str, str]] = {
    "tariff": N_("tariff"),
    "service_quality": N_("service quality"),
    "communication_quality": N_("communication quality"),
    "install_move": N_("install and move"),
    "fault_repair": N_("fault repair"),
    "work_error": N_("work error"),
    "product_quality": N_("product quality"),
    "other": N_("other"),
}
ROLES: Final[Mapping[str, str]] = {
    "junior": N_("junior agent"),
    "senior": N_("senior agent"),
    "text_clerk": N_("text clerk"),
    "recording_clerk": N_("recording clerk"),
    "surveyor": N_("surveyor"),
    "data_manager": N_("data manager"),
    "inspector": N_("inspector"),
    "statistician": N_("statistician"),
    "shift_leader": N_("shift leader"),
    "manager": N_("manager hotline"),
    "administrator": N_("administrator"),
}
LEVELS: Final[Mapping[str, str]] = {
    "junior": N_("junior"),
    "senior": N_("senior"),
    "clerk": N_("clerk"),
    "manager": N_("manager hotline"),
    "supervisor": N_("supervisor"),
}
ANY_OF: Final[Mapping[str, str]] = {
    "junior": N_("any junior agent"),
    "senior": N_("any senior agent"),
}
CUSTOMERS: Final[Mapping[str, str]] = {
    "ordinary": N_("ordinary customer"),
    "important": N_("important customer"),
    "leased_line": N_("leased-line customer"),
    "key_account": N_("key account"),
}
SEAT_STATES: Final[Mapping[str, str]] = {
    "offline": N_("logged out"),
    "ready": N_("ready"),
    "ringing": N_("ringing"),
    "calling_back": N_("calling back"),
    "talking": N_("talking"),
    "wrap_up": N_("wrap-up"),
    "break": N_("on break"),
    "not_answering": N_("not answering"),
}
MENUS: Final[Mapping[str, str]] = {
    "main": N_("main menu"),
    "standards": N_("menu of standards"),
    "after-hours": N_("menu out of hours"),
}
"""The menus that come with the program; others show by the name they were given."""
OUTCOMES: Final[Mapping[str, str]] = {
    "answered": N_("answered"),
    "fallback": N_("answered by the fallback queue"),
    "voicemail": N_("left a message"),
    "abandoned": N_("gave up"),
    "callback": N_("asked to be called back"),
}
BREAK_REASONS: Final[Mapping[str, str]] = {
    "rest": N_("rest"),
    "meal": N_("meal"),
    "training": N_("training"),
    "paperwork": N_("paperwork"),
    "meeting": N_("meeting"),
}
STANDINGS: Final[Mapping[str, str]] = {
    "planned": N_("planned"),
    "missing": N_("not here yet"),
    "here": N_("here"),
    "away": N_("logged out early"),
    "done": N_("over"),
    "absent": N_("absent"),
}
CAUSES: Final[Mapping[str, str]] = {
    "no_idle_seat": N_("no idle seat"),
    "ring_unanswered": N_("ring unanswered"),
    "seat_unreachable": N_("seat unreachable"),
    "system": N_("system"),
    "menu": N_("announcements and menu"),
}
DRAFT_STATES: Final[Mapping[str, str]] = {
    "pending": N_("to do"),
    "confirmed": N_("confirmed"),
    "discarded": N_("discarded"),
    "registered": N_("registered by the seat"),
}
ORDER_STATES: Final[Mapping[str, str]] = {
    "open": N_("open"),
    "closed": N_("closed"),
}
AUDITED: Final[Mapping[str, str]] = {
    "login": N_("logged in"),
    "logout": N_("logged out"),
    "recording.replay": N_("listened"),
    "call.listen": N_("listened to a call live"),
    "call.whisper": N_("whispered to a seat"),
    "call.barge": N_("barged into a call"),
    "call.listen_over": N_("stopped listening live"),
    "draft.view": N_("read a draft"),
    "draft.confirm": N_("confirmed a draft"),
    "draft.discard": N_("discarded a draft"),
    "sample.view": N_("read a sample"),
    "sample.draw": N_("drew samples"),
    "score.write": N_("wrote a score card"),
    "order.close": N_("closed an order"),
    "callback.call_now": N_("ended the pause before a call-back"),
    "callback.cancel": N_("cancelled a call-back"),
    "call.transfer": N_("transferred a call"),
    "call.consult": N_("consulted another seat"),
    "call.consult_join": N_("made a consultation a call of three"),
    "call.consult_leave": N_("left the caller with the one consulted"),
    "call.consult_back": N_("took the caller back"),
    "call.reattach": N_("found a call again after reloading the page"),
    "call.hang_up": N_("hung a call up"),
    "call.dial_out": N_("called a customer"),
    "caller.view": N_("was shown a caller's card"),
    "registration.submit": N_("handed in a registration"),
    "registration.discard": N_("ended a registration without an order"),
    "seat.redeploy": N_("redeployed a seat"),
    "seat.staff": N_("staffed a seat otherwise"),
    "seat.back": N_("put a redeployed seat back"),
    "message.send": N_("sent a message"),
    "message.read": N_("read a message"),
    "message.answer": N_("answered a message"),
    "notice.write": N_("wrote a notice"),
    "notice.revise": N_("changed a notice"),
    "notice.withdraw": N_("withdrew a notice"),
    "notice.confirm": N_("confirmed a notice"),
    "roster.add": N_("planned a shift"),
    "roster.remove": N_("took a shift off the roster"),
    "roster.copy": N_("copied a week of shifts"),
    "roster.import": N_("imported a roster"),
    "seat.log_in": N_("signed in at a seat"),
    "seat.ready": N_("ready for calls"),
    "seat.break": N_("took a break"),
    "seat.log_out": N_("signed out of a seat"),
    "phone.open": N_("opened the browser's telephone"),
    "phone.release": N_("gave the seat back to its telephone"),
    "phone.issue": N_("issued a telephone's log-in"),
    "phone.revoke": N_("revoked a telephone's log-in"),
    "menu.save": N_("saved a menu"),
    "menu.apply": N_("applied a menu"),
    "menu.rollback": N_("went back to a menu"),
    "announcement.on": N_("switched an announcement on"),
    "announcement.off": N_("switched an announcement off"),
    "day.set": N_("set a day"),
    "audit.verify": N_("verified the audit"),
}
SPEAKERS: Final[Mapping[str, str]] = {
    "caller": N_("caller"),
    "seat": N_("seat"),
}


def label(names: Mapping[str, str], value: str | None) -> str:
    """The catalogue key of `value`; a value that nobody named shows as it is, so that nothing is hidden."""
    if not value:
        return ""
    return names.get(value, value)
