"""Spoken identity-card numbers, bank-card numbers and passwords: where in a call they are said, by whomever.

Decided from the turns alone. What was asked for or named (身份证号, 卡号, 密码) decides first; elsewhere the shape
does: 18 digits with a checksum, 13 and more in a row. In doubt a number counts as sensitive; telephone numbers, sums,
dates and the centre's own order and agent numbers do not.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any

from transcribe.draft.sounds import syllables
from transcribe.spoken_digits import MEASURE, Piece, Run, complete_phone, phones_only, runs_in
from transcribe.text import spoken
from transcribe.turns import Turn


class SensitiveKind(StrEnum):
    ID_CARD = "id_card"
    BANK_CARD = "bank_card"
    PASSWORD = "password"  # noqa: S105 - the name of a kind


@dataclass(frozen=True, slots=True)
class SensitiveSpan:
    """`turns[turn].text[first:last]`, said from `start` to `end` seconds of the file."""

    kind: SensitiveKind
    turn: int
    first: int
    last: int
    start: float
    end: float

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value, "turn": self.turn, "first": self.first, "last": self.last,
            "start": round(self.start, 2), "end": round(self.end, 2),
        }  # fmt: skip

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> SensitiveSpan:
        return cls(
            SensitiveKind(row["kind"]), int(row["turn"]), int(row["first"]), int(row["last"]),
            float(row["start"]), float(row["end"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Secret:
    """One sensitive number as it was said once; `digits` are letters and digits without anything between them."""

    kind: SensitiveKind
    digits: str
    spans: tuple[SensitiveSpan, ...]


_NAMED = re.compile(
    r"(?P<password>[密蜜秘][码马吗碼]|[验驗][证正證][码吗马碼]|口令|校验码|动态码|确认码|安全码|卡密|PIN|PUK|OTP|CVV|锁屏码|解锁码|"
    r"passwords?|passcode|(?:verification|security) code|短信[^，。！？]{0,6}数字|校验数字|"
    r"短信[^，。！？0-9]{0,8}[是来示](?=[\s，]*(?:[0-9零〇一二三四五六七八九幺][\s\-]*){6}"
    r"(?![0-9零〇一二三四五六七八九幺十百千万点块元兆MG]))|"
    r"背面[^，。！？]{0,6}[三3][位个]|[四六46](?:[个位]数字|位数))"
    r"|(?P<id_card>[身生][份分][证正政證]|省份证|证件号?|军官证|居住证|士兵证|(?:id|identity)(?: card)? number|"
    r"身份号|证号|护照|通行证|社保|医保|驾[驶照])"
    r"|(?P<bank_card>银行卡|信用卡|储蓄卡|借记卡|银联卡|[卡咔][号好號]|银行[账帐][号户]|存折|[工建农中招交]行的?卡|退款卡|"
    r"卡片号|card number)"
    r"|(?P<asked>联系(?:电话|方式|号码)|电话号码?|手机号码?|号码|[什哪][么个](?:电话|手机)|留[^，。！？]{0,4}(?:电话|手机)|回电|工号|工单|"
    r"单号|订单|宽带账号|宽带号)"
    r"|(?P<plain>手机|电话|座机|固话|主叫|来电|流水|受理号|编号|串号|区号|邮编|日期|时间|金额|费用|拨打|客服|短信)",
    re.IGNORECASE,
)
_BY_SOUND = tuple(
    (kind, tuple(frozenset(each.split("/")) for each in name.split()))
    for kind, name in (
        (SensitiveKind.PASSWORD, "yan/yang zheng/zhen/zeng ma"),
        (SensitiveKind.ID_CARD, "shen/sheng fen/feng zheng/zhen"),
        (SensitiveKind.BANK_CARD, "ka/qia hao"),
    )
)
"""Toneless syllables of the names that a recogniser writes in whatever characters it knows better."""
_PLAIN_JUST_BEFORE = re.compile(
    r"(?:手机|电话|座机|固话|联系方式|号码|工号|工单号?|单号|订单号?|流水号?|受理号|编号|串号|区号|邮编|宽带账号|宽带号|"
    r"尾号是?的?手机|客服|拨打|打了?|拨)(?:[号码数]|尾号)*[^0-9零〇一二三四五六七八九幺，。！？,.!?]{0,5}$"
)
_ORDER_BEFORE = re.compile(
    r"(?:工单|单号|订单|流水|受理|编号|串号|IMEI|条码|物流|快递)[^，。！？]{0,8}$", re.IGNORECASE
)
_ORDER_LETTERS = re.compile(r"[A-Z]{2}$")
_ORDER_DIGITS = re.compile(r"20\d{6}")
"""Order numbers begin with two letters and the day."""
_SENT_THERE = re.compile(r"[发收][^，。！？]{0,6}$")
"""A code is sent to a telephone: its number is not what is asked for."""
_OF_A_SEAT = re.compile(r"^号?(?:为您|座席|坐席|话务|客服)|^号")
_SENSITIVE_JUST_BEFORE = re.compile(
    r"(?:PIN|PUK|CVV|OTP|[密蜜秘][码马吗]|验[证正][码吗马]|口令|校验码|动态码|身[份分]证|证件号|卡[号好]|卡密)[^，。！？,.!?]{0,8}$"
)
_SENSITIVE_BEHIND = re.compile(
    r"^[\s，,]*(?:这个|那个|就)?(?:是|为)?(?:我|您|你|他|她)?的?(?:那张|这张|[工建农中招交]行)?"
    r"(?:(?P<password>密码|验证码|口令|动态码)|(?P<id_card>身份证|证件)|(?P<bank_card>银行卡|信用卡|储蓄卡|卡号|卡))"
)
_TAIL = re.compile(r"(?:尾号|[后末][一二三四五六七八]位|最后[一二三四五六七八几]位|末尾)[^，。！？]{0,6}$")
_SERVICE_NUMBER = re.compile(r"100\d\d|1[12]\d{1,3}|9[56]\d{3}|10[01]\d{4,6}")
_LETTERS = re.compile(r"[A-Za-z0-9](?:(?:[\s\-_.，、]|大写|小写|的){0,4}[A-Za-z0-9零一二三四五六七八九幺]){3,31}+")
_OF_A_DAY = re.compile("(?=.*[年月])[年月日号的生，、 零〇一二三四五六七八九十0-9]{1,14}")
_TO_CALL = re.compile("(?:拨打?|打到?|致电)$")
_SENDER = re.compile(r"(?:86)?106\d{5,17}")
"""The number that a company's messages come from (D93); no card begins so."""
_FEW = 3
_ADDED = ("加", "跟")
_NEAR = 40
"""Characters before and behind a number that say what it is."""
_KEPT_TURNS = 8
_KEPT_SECONDS = 60.0
"""A request counts this long, and anew from every number that answered it."""
_ANSWERED_WITHIN = 4
"""Turns after a request in which what only sounds like digits is taken for digits."""
_CARD = range(13, 20)
_CHINESE_CARD = 10
"""Digits from which a number that begins with 62 is the beginning of a card's; a landline is shorter."""
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def find_sensitive(turns: Sequence[Turn]) -> tuple[SensitiveSpan, ...]:
    """Every sensitive stretch of a call, by turn and character, none overlapping another."""
    spans = sorted((span for secret in secrets_in(turns) for span in secret.spans), key=_place)
    return tuple(sorted((*spans, *_birthdays(turns, spans)), key=_place))


def secrets_in(turns: Sequence[Turn]) -> tuple[Secret, ...]:
    """The sensitive numbers of a call, each saying of it apart: the caller's, and the seat that reads it back."""
    requests = _requests(turns)
    asked = _asked(turns, requests)
    spelled = _spelled(turns, requests)
    runs = [run for run in runs_in(turns, asked, {each.turn for each in requests}) if not _within(run, spelled)]
    kinds: list[SensitiveKind | None] = []
    answered: dict[int, tuple[int, float]] = {}
    for run in runs:
        kind, request = _kind_of(run, turns, requests, answered)
        if kind is not None and request is not None:
            answered[request] = (run.closes.turn, turns[run.closes.turn].end)
        kinds.append(kind)
    found = [(kind, run) for kind, run in zip(kinds, runs, strict=True) if kind is not None]
    known = [(kind, run.digits) for kind, run in found]
    repeated = [
        (kind, run)
        for told, run in zip(kinds, runs, strict=True)
        if told is None and (kind := _said_again(run, turns, known)) is not None
    ]
    secrets = [
        Secret(kind, run.digits, tuple(_span(turns, kind, piece) for piece in run.pieces))
        for kind, run in (*found, *repeated)
    ]
    return (*secrets, *spelled)


@dataclass(frozen=True, slots=True)
class _Request:
    """Somebody names what kind of number is meant; `kind` None is one that anybody may know."""

    kind: SensitiveKind | None
    turn: int
    last: int
    asked: bool = False
    """Of one that anybody may know: that it is the number that is wanted now, and not only mentioned."""


def _requests(turns: Sequence[Turn]) -> list[_Request]:
    found = []
    for index, turn in enumerate(turns):
        for match in _NAMED.finditer(turn.text):
            name = str(match.lastgroup)
            before = turn.text[max(0, match.start() - 10) : match.start()]
            if match.group() == "号码" and re.search("[证正政證卡照]$", before):
                continue
            if name in {"plain", "asked"}:
                wanted = name == "asked" and not _SENT_THERE.search(before)
                found.append(_Request(None, index, match.end(), wanted))
            else:
                found.append(_Request(SensitiveKind(name), index, match.end()))
        found += [_Request(kind, index, last) for kind, last in _heard_names(turn.text)]
    return sorted(dict.fromkeys(found), key=lambda each: (each.turn, each.last))


def _heard_names(text: str) -> Iterator[tuple[SensitiveKind, int]]:
    """Names of secrets written in other characters that sound the same (燕政码 for 验证码), and where each ends."""
    sounds = [_sounds_of(each) for each in text]
    for kind, name in _BY_SOUND:
        for at in range(len(text) - len(name) + 1):
            if all(not each.isdisjoint(sound) for each, sound in zip(name, sounds[at:], strict=False)):
                yield kind, at + len(name)


@lru_cache(maxsize=20_000)
def _sounds_of(character: str) -> frozenset[str]:
    return frozenset(syllables(character)) if "\u4e00" <= character <= "\u9fff" else frozenset()


def _asked(turns: Sequence[Turn], requests: Sequence[_Request]) -> list[bool]:
    asked = [False] * len(turns)
    for request in requests:
        if request.kind is not None:
            for index in range(request.turn, min(len(turns), request.turn + 1 + _ANSWERED_WITHIN)):
                asked[index] = True
    return asked


def _kind_of(
    run: Run, turns: Sequence[Turn], requests: Sequence[_Request], answered: dict[int, tuple[int, float]]
) -> tuple[SensitiveKind | None, int | None]:
    """Of which kind a run is, None where it may be seen, and the request that it answers."""
    opens, closes, digits = run.opens, run.closes, run.digits
    before = turns[opens.turn].text[max(0, opens.first - _NEAR) : opens.first]
    behind = turns[closes.turn].text[closes.last : closes.last + _NEAR]
    shape = _by_shape(run, before)
    named_behind = _SENSITIVE_BEHIND.match(behind)
    if named_behind and len(digits) >= 3 and not complete_phone(digits):
        return SensitiveKind(str(named_behind.lastgroup)), None
    request, plain_since, other_asked = _open_request(run, turns, requests, answered)
    if request is None:
        return shape, None
    kind = requests[request].kind
    assert kind is not None
    directly = _SENSITIVE_JUST_BEFORE.search(before) is not None and not _TO_CALL.search(before)
    if shape is None and not directly:
        plain = _PLAIN_JUST_BEFORE.search(before) is not None
        tail = _TAIL.search(before) is not None
        if plain and not (tail and not plain_since):
            return None, None
        if other_asked and not tail:
            return None, None
        if complete_phone(digits) and (plain_since or kind is SensitiveKind.PASSWORD):
            return None, None
        if _SERVICE_NUMBER.fullmatch(digits) and len(run.pieces) == 1 and not _is_the_answer(before, behind):
            return None, None
        if _is_order(digits, before):
            return None, None
    if shape is None and (run.unit or len(digits) <= 6) and MEASURE.match(behind):
        return None, None
    if len(digits) < (2 if directly else 3):
        return shape, None
    return (shape if shape is SensitiveKind.ID_CARD else kind), request


def _is_the_answer(before: str, behind: str) -> bool:
    """Whether a number is all that is said: 12345 is what many take for a password, and a line that one may call."""
    return (len(spoken(before)) <= _FEW and len(spoken(behind)) <= _FEW) or before[-1:] in _ADDED


def _open_request(
    run: Run, turns: Sequence[Turn], requests: Sequence[_Request], answered: dict[int, tuple[int, float]]
) -> tuple[int | None, bool, bool]:
    """The last sensitive request before a run that still counts; whether a number that anybody may know was named
    after it, and whether it was asked for."""
    opens = run.opens
    plain_since = asked_since = False
    before = bisect_right(requests, (opens.turn, opens.first), key=lambda each: (each.turn, each.last))
    for index in range(before - 1, -1, -1):
        request = requests[index]
        if request.kind is None:
            plain_since, asked_since = True, asked_since or request.asked
            continue
        turn, second = answered.get(index, (request.turn, turns[request.turn].end))
        counts = opens.turn - turn <= _KEPT_TURNS and turns[opens.turn].start - second <= _KEPT_SECONDS
        return (index if counts else None), plain_since, asked_since
    return None, plain_since, asked_since


def _by_shape(run: Run, before: str) -> SensitiveKind | None:
    """What the digits alone say."""
    digits = run.digits
    if run.unit or phones_only(digits):
        return None
    if any(is_id(digits[at : at + 18]) for at in range(len(digits) - 17)):
        return SensitiveKind.ID_CARD
    if _is_order(digits, before) and not (digits[:2] in {"62", "60"} and luhn(digits)):
        return None
    if len(digits) == 15 and _is_day("19" + digits[6:12]):
        return SensitiveKind.ID_CARD
    if len(digits) == 18 and _is_day(digits[6:14]):
        return SensitiveKind.ID_CARD
    if _SENDER.fullmatch(digits):
        return None
    begun = digits.startswith("62") and len(digits) >= _CHINESE_CARD
    return SensitiveKind.BANK_CARD if begun or len(digits) >= _CARD.start else None


def _is_order(digits: str, before: str) -> bool:
    """Whether the number is one of the centre's own papers, by what stands before it."""
    lettered = _ORDER_LETTERS.search(before) is not None and _ORDER_DIGITS.match(digits) is not None
    return lettered or _ORDER_BEFORE.search(before) is not None


def is_id(digits: str) -> bool:
    """18 characters with a birthday and the checksum of GB 11643."""
    if len(digits) != 18 or not digits[:17].isdecimal() or not _is_day(digits[6:14]):
        return False
    return (
        "10X98765432"[sum(int(each) * weight for each, weight in zip(digits, _ID_WEIGHTS, strict=False)) % 11]
        == (digits[17])
    )


def _is_day(text: str) -> bool:
    if not text.isdecimal() or text[:2] not in {"19", "20"}:
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return False
    return True


def luhn(digits: str) -> bool:
    """The checksum of bank cards; a number without it may be a card that was misheard."""
    if not digits.isdecimal():
        return False
    total = 0
    for place, each in enumerate(reversed(digits)):
        value = int(each) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _said_again(run: Run, turns: Sequence[Turn], known: Iterable[tuple[SensitiveKind, str]]) -> SensitiveKind | None:
    """Whether a run repeats, in part or with a digit misheard, a number that is sensitive already."""
    digits = run.digits
    if len(digits) < 4 or complete_phone(digits):
        return None
    if len(digits) < 6:  # four digits in a row may be the same by chance
        text = turns[run.opens.turn].text
        if _OF_A_SEAT.match(text[run.closes.last :]) or _PLAIN_JUST_BEFORE.search(text[: run.opens.first][-_NEAR:]):
            return None
    for kind, secret in known:
        if digits in secret:
            return kind
        if len(digits) >= 6 and len(secret) >= 6:
            match = SequenceMatcher(None, digits, secret, autojunk=False).find_longest_match()
            if match.size >= max(6, 0.6 * len(digits)):
                return kind
    return None


def _spelled(turns: Sequence[Turn], requests: Sequence[_Request]) -> list[Secret]:
    """Passwords with letters in them, said within a few turns of being asked for."""
    kind = SensitiveKind.PASSWORD
    found = []
    asked: dict[int, int] = {}
    for request in requests:
        if request.kind is kind:
            asked.setdefault(request.turn, request.last)
    for index, turn in enumerate(turns):
        for match in _LETTERS.finditer(turn.text):
            said = re.sub("[^A-Za-z0-9零一二三四五六七八九幺]", "", match.group())
            named = asked.get(index, match.start() + 1) <= match.start() or any(
                before in asked for before in range(index - _ANSWERED_WITHIN, index)
            )
            if named and re.search("[A-Za-z]", said) and len(said) >= 4:
                piece = Piece(index, match.start(), match.end(), said, unit=False)
                found.append(Secret(kind, said, (_span(turns, kind, piece),)))
    return found


def _birthdays(turns: Sequence[Turn], spans: Sequence[SensitiveSpan]) -> Iterator[SensitiveSpan]:
    """What stands between the groups of an identity-card number that is told as a day: 七月十九号."""
    for before, after in pairwise(spans):
        text = turns[before.turn].text[before.last : after.first]
        if (
            before.turn == after.turn
            and before.kind is after.kind is SensitiveKind.ID_CARD
            and _OF_A_DAY.fullmatch(text)
        ):
            start, end = turns[before.turn].seconds_of(before.last, after.first)
            yield SensitiveSpan(before.kind, before.turn, before.last, after.first, start, end)


def _within(run: Run, spelled: Iterable[Secret]) -> bool:
    """Whether a run is part of a password with letters."""
    return any(
        piece.turn == span.turn and piece.first < span.last and span.first < piece.last
        for piece in run.pieces
        for secret in spelled
        for span in secret.spans
    )


def _span(turns: Sequence[Turn], kind: SensitiveKind, piece: Piece) -> SensitiveSpan:
    start, end = turns[piece.turn].seconds_of(piece.first, piece.last)
    return SensitiveSpan(kind, piece.turn, piece.first, piece.last, start, end)


def _place(span: SensitiveSpan) -> tuple[int, int]:
    return span.turn, span.first
