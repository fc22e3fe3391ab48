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
CATEGORIES: Final[Mapping[str, str]] = {
    "operation_service": N_("operation and service"),
    "new_business": N_("new business"),
}
REPORTS: Final[Mapping[str, str]] = {
    "fraud": N_("fraud"),
    "pornography": N_("pornography"),
    "gambling": N_("gambling"),
    "spam": N_("spam messages"),
    "harassment": N_("harassing calls"),
    "illegal": N_("other illegal content"),
}
ROOT_CAUSES: Final[Mapping[str, str]] = {
    "tariff": N_("charges and tariff"),
    "marketing": N_("how it was sold"),
    "fulfilment": N_("service not as agreed"),
    "technical": N_("network and technology"),
    "partner": N_("partner channel"),
    "information_content": N_("content of information"),
    "complaint_handling": N_("handling of the complaint"),
}
CAUSE_DETAILS: Final[Mapping[str, str]] = {
    "voice_information_charge": N_("voice information and game coins"),
    "data_on_by_default": N_("data switched on by default"),
    "channel_subscription": N_("channel subscription"),
    "appointment_missed": N_("appointment missed or moved"),
    "number_choice": N_("few numbers to choose from"),
    "partner_error": N_("partner shop's mistake"),
    "plan_explained_badly": N_("plan explained badly"),
    "bill_unclear": N_("bill unclear"),
    "plan_rolled_over": N_("plan rolled over by itself"),
    "forced_value_added": N_("bundled value-added service"),
    "terminal_subsidy": N_("subsidy at renewal"),
    "sim_replacement_fee": N_("SIM fee for customers of years"),
    "vip_not_different": N_("no difference for VIPs"),
}
TAGS: Final[Mapping[str, str]] = {
    "misleading_promotion": N_("misleading promotion"),
    "agent_channel": N_("agents' channel"),
    "charge_leakage": N_("charges leaking off"),
    "irregular_handling": N_("irregular handling"),
}
OUTCOME_HINTS: Final[Mapping[str, str]] = {
    "solved": N_("solved on the spot"),
    "answered": N_("answered, accepted"),
    "recorded": N_("taken down"),
    "dispatched": N_("dispatched"),
    "escalated": N_("passed up"),
    "withdrawn": N_("withdrawn by the customer"),
    "not_accepted": N_("not accepted by the customer"),
    "excessive_claim": N_("excessive claim"),
}
CONSENTS: Final[Mapping[str, str]] = {
    "given": N_("consent given"),
    "refused": N_("consent refused"),
}
NUMBER_CHECKS: Final[Mapping[str, str]] = {
    "same": N_("same as the calling number"),
    "different": N_("not the calling number"),
}
MARKS: Final[Mapping[str, str]] = {
    "accepted": N_("accepted"),
    "alternative": N_("another value taken"),
    "picked": N_("from the words"),
    "clerk": N_("typed by the clerk"),
    "cleared": N_("cleared"),
}
"""How a field's value came to stand in the desk's form."""
ALTERNATIVE_REASONS: Final[Mapping[str, str]] = {
    "one digit off the calling number": N_("the calling number, one digit off"),
    "what was heard is the calling number but for one digit": N_("the calling number, one digit off"),
    "answered to an earlier question": N_("answered to an earlier question"),
    "wanted back": N_("wanted back"),
    "price of a plan": N_("price of a plan"),
    "overcharge": N_("charged too much"),
}
"""Why an alternative of the draft is worth a look, by what `transcribe.draft` says."""
SURES: Final[Mapping[str, str]] = {
    "high": N_("high"),
    "middle": N_("middle"),
    "low": N_("low"),
}
SOURCES: Final[Mapping[str, str]] = {
    "call": N_("call"),
    "voicemail": N_("message"),
    "import": N_("imported"),
    "text": N_("text"),
}
ITEM_STATES: Final[Mapping[str, str]] = {
    "waiting": N_("nobody's"),
    "taken": N_("being entered"),
    "held": N_("put aside"),
    "handed_on": N_("handed on"),
    "done": N_("done"),
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
    "recording.heard": N_("heard these seconds"),
    "recording.view": N_("read the page of a recording"),
    "recording.unchecked": N_("listened before the check"),
    "recording.mark": N_("marked a second"),
    "recording.unmark": N_("removed a mark"),
    "recording.export": N_("exported a copy"),
    "sensitive.view": N_("was shown card numbers or passwords"),
    "call.listen": N_("listened to a call live"),
    "call.whisper": N_("whispered to a seat"),
    "call.barge": N_("barged into a call"),
    "call.listen_over": N_("stopped listening live"),
    "draft.view": N_("read a draft"),
    "draft.confirm": N_("confirmed a draft"),
    "draft.discard": N_("discarded a draft"),
    "entry.check": N_("looked at an entry"),
    "desk.hold": N_("put a piece of work aside"),
    "desk.hand_on": N_("handed a piece of work on"),
    "desk.release": N_("gave a piece of work back to all"),
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
    "lexicon.begin": N_("began a version of the lexicon"),
    "lexicon.put": N_("put words into the lexicon"),
    "lexicon.remove": N_("took a word out of the lexicon"),
    "lexicon.export": N_("exported the lexicon"),
    "lexicon.measure": N_("measured a lexicon"),
    "lexicon.live": N_("made a lexicon live"),
    "lexicon.rollback": N_("rolled the lexicon back"),
    "lexicon.give_up": N_("gave a version of the lexicon up"),
    "lexicon.propose": N_("proposed a word"),
    "lexicon.refuse": N_("refused a proposed word"),
    "suggestion.accept": N_("accepted a suggestion"),
    "suggestion.refuse": N_("refused a suggestion"),
    "transcript.notes": N_("read notes beside a transcript"),
    "reference.view": N_("opened a reference"),
    "reference.write": N_("typed a reference"),
    "difference.view": N_("saw forms beside their calls"),
    "audit.verify": N_("verified the audit"),
    "text.receive": N_("received a text"),
    "text.amend": N_("corrected a text's head or words"),
    "text.view": N_("read a text"),
    "text.scan": N_("attached a scan"),
    "text.scan_view": N_("looked at a scan"),
    "text.order": N_("made the order of a text"),
    "text.discard": N_("ended a text without an order"),
    "text.file": N_("put an original away"),
    "text.original": N_("saved an original file"),
    "recording.import": N_("began an import of recordings"),
    "recording.imported": N_("ended an import of recordings"),
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
