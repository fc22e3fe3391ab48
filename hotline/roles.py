"""Who may do what: one table, asked in one place.

The roles are the posts of the centre; each row says which rules of the domain it follows from. What a role is not
listed for is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from hotline.errors import HotlineError


class Role(StrEnum):
    JUNIOR = "junior"
    SENIOR = "senior"
    TEXT_CLERK = "text_clerk"
    RECORDING_CLERK = "recording_clerk"
    SURVEYOR = "surveyor"
    DATA_MANAGER = "data_manager"
    INSPECTOR = "inspector"
    STATISTICIAN = "statistician"
    SHIFT_LEADER = "shift_leader"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    FLOOR_VIEW = "floor.view"
    SEAT_SELF = "seat.self"
    """Log in, be ready, take a break at one's own seat."""
    SEAT_MANAGE = "seat.manage"
    PHONE_MANAGE = "phone.manage"
    """Issue and revoke the SIP log-ins of telephones."""
    CALL_LISTEN = "call.listen"
    """Hear a seat's call as it goes on, heard by nobody (D63, D66)."""
    CALL_WHISPER = "call.whisper"
    """Speak to the seat alone, unheard by the caller."""
    CALL_BARGE = "call.barge"
    """Speak to both."""
    RECORDING_VIEW = "recording.view"
    """Look recordings up, and see the page of one call: its marks and its words, with sensitive digits masked."""
    RECORDING_REPLAY = "recording.replay"
    """Listen; the stretches with sensitive digits are silenced."""
    RECORDING_UNCHECKED = "recording.unchecked"
    """In an emergency listen to a recording that was not yet looked through for sensitive digits, saying why."""
    RECORDING_BY_EAR = "recording.by_ear"
    """Hear what could not be recognised of a call that one has taken to key it in (D28): somebody must do it by ear."""
    RECORDING_RECOGNISE = "recording.recognise"
    """Have recordings recognised again that were set aside."""
    RECORDING_EXPORT = "recording.export"
    RECORDING_ERASE = "recording.erase"
    """Answer for the erasure of a recording that is still held (`hotline recordings erase --override`)."""
    SENSITIVE_VIEW = "sensitive.view"
    """Read and hear spoken identity-card numbers, bank-card numbers and passwords, and look calls up by them."""
    DRAFT_VIEW = "draft.view"
    DRAFT_CONFIRM = "draft.confirm"
    DESK_VIEW = "desk.view"
    """See what is to be entered, and who has it."""
    DESK_WORK = "desk.work"
    """Take a piece of that work, put it aside, hand it on (D19-D31)."""
    DESK_ASSIGN = "desk.assign"
    """Give somebody's piece of work to somebody else."""
    CLERKS_VIEW = "clerks.view"
    """See how timely and how exact each clerk enters (D30, D70)."""
    TEXT_VIEW = "text.view"
    """Read letters, faxes, e-mails and what visitors brought, with their scans (D19-D22)."""
    TEXT_WRITE = "text.write"
    """Receive them, key them into the sheet, make their orders (D19-D21)."""
    TEXT_ORIGINAL = "text.original"
    """Keep the originals: note where each lies, and hand out the file as it came (D23, D59, D61)."""
    TEXT_REMOVE = "text.remove"
    """Remove a scan that was attached to the wrong text, saying why."""
    LEXICON_VIEW = "lexicon.view"
    """See the centre's own words, and how their suggestions fared."""
    LEXICON_PROPOSE = "lexicon.propose"
    """Propose a word that was missed, and say whether a suggestion is right."""
    LEXICON_MANAGE = "lexicon.manage"
    """Change the words, measure them, make them live, go back (D55)."""
    REFERENCE_WRITE = "reference.write"
    """Type what was really said in a call: what recognition is measured against."""
    MODEL_MANAGE = "model.manage"
    """Learn from confirmed forms, let a version decide fields of the draft, go back."""
    FIGURES_VIEW = "figures.view"
    """See the error rates of recognition and the scores of drafts, week by week."""
    DIFFERENCE_VIEW = "difference.view"
    """See where an agent's form differs from the call (D68)."""
    ORDER_VIEW = "order.view"
    REGISTRATION_WRITE = "registration.write"
    """Note what the caller of one's own call says, and make the order of it (D10)."""
    SAMPLE_VIEW = "sample.view"
    SAMPLE_DRAW = "sample.draw"
    SCORE_WRITE = "score.write"
    MESSAGE_SEND = "message.send"
    """Write to seats and see who has read it (D81)."""
    NOTICE_WRITE = "notice.write"
    """Write notices of new business and see who has not confirmed them (D8)."""
    NOTICE_CONFIRM = "notice.confirm"
    ROSTER_VIEW = "roster.view"
    """See the shifts and who was late (D82)."""
    ROSTER_MANAGE = "roster.manage"
    WALLBOARD_VIEW = "wallboard.view"
    MENU_VIEW = "menu.view"
    MENU_MANAGE = "menu.manage"
    """Change what callers can choose, and go back to what they could."""
    ANNOUNCE = "announcement.manage"
    """Switch announcements on and off (D122), and say which days the centre works."""
    SURVEY_VIEW = "survey.view"
    """See the marks that callers gave, by seat (D47, D51)."""
    CALLBACK_VIEW = "callback.view"
    """See who waits to be called back, and what was tried."""
    CALLBACK_MANAGE = "callback.manage"
    """Cancel a call-back, or end the pause before its next attempt."""
    PROMISE_VIEW = "promise.view"
    """See how the fifteen seconds were kept, and who waited too long (D9)."""
    AUDIT_VIEW = "audit.view"
    USER_MANAGE = "user.manage"


class Denied(HotlineError):
    """This role may not do this."""

    code = "denied"

    def __init__(self, role: Role, action: Action) -> None:
        super().__init__(f"the role {role.value} may not do {action.value}; ask a shift leader or administrator")
        self.role = role
        self.action = action


_A = Action

ALLOWED: Mapping[Role, frozenset[Action]] = MappingProxyType(
    {
        # D9-D18: takes calls, sees what is waiting and what became of a case; hears no recordings.
        Role.JUNIOR: frozenset(
            {
                _A.FLOOR_VIEW, _A.SEAT_SELF, _A.ORDER_VIEW, _A.REGISTRATION_WRITE, _A.NOTICE_CONFIRM,
                _A.WALLBOARD_VIEW,
            }
        ),
        # D32-D43: reviews and finishes what others could not, so reads drafts, replays calls as evidence, enters
        # what was handed on (D25, D29).
        Role.SENIOR: frozenset(
            {
                _A.FLOOR_VIEW, _A.SEAT_SELF, _A.REGISTRATION_WRITE,
                _A.RECORDING_VIEW, _A.RECORDING_REPLAY, _A.DRAFT_VIEW, _A.TEXT_VIEW, _A.TEXT_WRITE, _A.ORDER_VIEW,
                _A.DRAFT_CONFIRM, _A.DESK_VIEW, _A.DESK_WORK, _A.RECORDING_BY_EAR,
                _A.NOTICE_CONFIRM, _A.WALLBOARD_VIEW, _A.CALLBACK_VIEW,
                _A.LEXICON_PROPOSE,
            }
        ),
        # D19-D27: letters and fax, not recordings; with nothing to enter works as a junior (D27).
        Role.TEXT_CLERK: frozenset(
            {
                _A.FLOOR_VIEW, _A.SEAT_SELF, _A.TEXT_VIEW, _A.TEXT_WRITE, _A.ORDER_VIEW, _A.REGISTRATION_WRITE,
                _A.NOTICE_CONFIRM,
                _A.DESK_VIEW, _A.DESK_WORK,
                _A.WALLBOARD_VIEW,
            }
        ),
        # D28-D31: makes sheets out of recordings; with nothing to enter works as a junior (D31).
        Role.RECORDING_CLERK: frozenset(
            {
                _A.FLOOR_VIEW, _A.SEAT_SELF, _A.REGISTRATION_WRITE,
                _A.RECORDING_VIEW, _A.RECORDING_REPLAY, _A.RECORDING_BY_EAR, _A.DRAFT_VIEW,
                _A.DRAFT_CONFIRM, _A.ORDER_VIEW,
                _A.DESK_VIEW, _A.DESK_WORK,
                _A.NOTICE_CONFIRM, _A.WALLBOARD_VIEW,
                _A.LEXICON_VIEW, _A.LEXICON_PROPOSE, _A.REFERENCE_WRITE,
            }
        ),
        # D47-D51: surveys finished calls and reply orders by talking to the customer again.
        Role.SURVEYOR: frozenset({_A.ORDER_VIEW, _A.SURVEY_VIEW}),
        # D54-D62: keeps originals and files; hands out copies as evidence (D123), the agreed digits in them.
        Role.DATA_MANAGER: frozenset(
            {
                _A.RECORDING_VIEW, _A.RECORDING_EXPORT, _A.SENSITIVE_VIEW, _A.DRAFT_VIEW, _A.DESK_VIEW, _A.TEXT_VIEW,
                _A.RECORDING_RECOGNISE,
                _A.TEXT_ORIGINAL, _A.TEXT_REMOVE, _A.ORDER_VIEW,
                _A.NOTICE_WRITE,
                _A.LEXICON_VIEW, _A.LEXICON_PROPOSE, _A.LEXICON_MANAGE, _A.FIGURES_VIEW, _A.MODEL_MANAGE,
            }
        ),
        # D63-D75: live monitoring, sampling and scoring, and the entries that are scored (D68-D70). The seat is a
        # telephone for listening: no caller is ever given to it.
        Role.INSPECTOR: frozenset(
            {
                _A.FLOOR_VIEW, _A.SEAT_SELF, _A.RECORDING_VIEW, _A.RECORDING_REPLAY, _A.DRAFT_VIEW, _A.TEXT_VIEW,
                _A.ORDER_VIEW,
                _A.SAMPLE_VIEW, _A.SAMPLE_DRAW, _A.SCORE_WRITE, _A.CALL_LISTEN,
                _A.WALLBOARD_VIEW, _A.PROMISE_VIEW,
                _A.DESK_VIEW, _A.CLERKS_VIEW,
                _A.SURVEY_VIEW,
                _A.LEXICON_VIEW, _A.LEXICON_PROPOSE, _A.REFERENCE_WRITE, _A.FIGURES_VIEW, _A.DIFFERENCE_VIEW,
            }
        ),
        # D76-D80: counts, and hears nobody.
        Role.STATISTICIAN: frozenset(
            {
                _A.ORDER_VIEW, _A.SAMPLE_VIEW, _A.ROSTER_VIEW, _A.WALLBOARD_VIEW, _A.SURVEY_VIEW, _A.PROMISE_VIEW,
                _A.FIGURES_VIEW,
            }
        ),
        # D81-D83: shifts, redeployment, live status, discipline; a telephone for listening like an inspector's.
        Role.SHIFT_LEADER: frozenset(
            {
                _A.FLOOR_VIEW, _A.SEAT_SELF, _A.SEAT_MANAGE, _A.PHONE_MANAGE,
                _A.RECORDING_VIEW, _A.RECORDING_REPLAY, _A.RECORDING_UNCHECKED, _A.RECORDING_RECOGNISE, _A.DRAFT_VIEW,
                _A.TEXT_VIEW, _A.ORDER_VIEW, _A.SAMPLE_VIEW,
                _A.CALL_LISTEN, _A.CALL_WHISPER, _A.CALL_BARGE,
                _A.MESSAGE_SEND, _A.NOTICE_WRITE, _A.ROSTER_VIEW, _A.ROSTER_MANAGE, _A.WALLBOARD_VIEW, _A.PROMISE_VIEW,
                _A.DESK_VIEW, _A.DESK_ASSIGN, _A.CLERKS_VIEW,
                _A.MENU_VIEW, _A.ANNOUNCE, _A.SURVEY_VIEW, _A.CALLBACK_VIEW, _A.CALLBACK_MANAGE,
                _A.LEXICON_VIEW, _A.FIGURES_VIEW, _A.DIFFERENCE_VIEW,
            }
        ),
        # D15, D43, D84: the manager hotline takes calls, answers for the whole case and for what leaves the house.
        Role.MANAGER: frozenset(
            {
                _A.FLOOR_VIEW, _A.SEAT_SELF, _A.REGISTRATION_WRITE, _A.SEAT_MANAGE, _A.PHONE_MANAGE,
                _A.RECORDING_VIEW, _A.RECORDING_REPLAY, _A.RECORDING_UNCHECKED, _A.RECORDING_EXPORT,
                _A.RECORDING_ERASE, _A.RECORDING_RECOGNISE,
                _A.SENSITIVE_VIEW, _A.DRAFT_VIEW,
                _A.TEXT_VIEW, _A.TEXT_ORIGINAL, _A.TEXT_REMOVE, _A.ORDER_VIEW, _A.SAMPLE_VIEW, _A.AUDIT_VIEW,
                _A.CALL_LISTEN, _A.CALL_WHISPER, _A.CALL_BARGE,
                _A.MESSAGE_SEND, _A.NOTICE_WRITE, _A.ROSTER_VIEW, _A.ROSTER_MANAGE, _A.WALLBOARD_VIEW, _A.PROMISE_VIEW,
                _A.DESK_VIEW, _A.DESK_ASSIGN, _A.CLERKS_VIEW,
                _A.MENU_VIEW, _A.MENU_MANAGE, _A.ANNOUNCE, _A.SURVEY_VIEW, _A.CALLBACK_VIEW, _A.CALLBACK_MANAGE,
                _A.LEXICON_VIEW, _A.MODEL_MANAGE, _A.FIGURES_VIEW, _A.DIFFERENCE_VIEW,
            }
        ),
        # Runs the system and its accounts; the customers' words are not part of that work.
        Role.ADMINISTRATOR: frozenset(
            {
                _A.FLOOR_VIEW, _A.SEAT_MANAGE, _A.PHONE_MANAGE, _A.AUDIT_VIEW, _A.USER_MANAGE, _A.WALLBOARD_VIEW,
                _A.MENU_VIEW, _A.MENU_MANAGE,
            }
        ),
    }
)  # fmt: skip


def allows(role: Role, action: Action) -> bool:
    return action in ALLOWED[role]


def demand(role: Role, action: Action) -> None:
    """Raise Denied unless `role` may do `action`."""
    if not allows(role, action):
        raise Denied(role, action)
