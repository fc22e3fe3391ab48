"""The contact number against the number that called, and 就打这个电话 as that number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz.distance import LCSseq

from transcribe.draft.normalise import Line
from transcribe.draft.phones import Phone
from transcribe.draft.result import Alternative, Evidence, NumberCheck

_THIS_NUMBER = re.compile(
    "(?:现在|目前|刚才|正在)(?:我)?(?:用|打|拨)?(?:过来|进来|来|着)?的?(?:就是|就行|就可以|这个|号)|(?:按|照|依)(?:着)?这个(?:号|电话)"
    "|这个(?:就)?是我的?(?:手机|电话|号|常用)|^(?:嗯|就|就是)?本机(?:$|[,。号])|"
    "(?:就|还|也|都)?(?:打|用|留|记|是|回|联系|拨)(?:给|到|回)?我?(?:现在|正在|目前)?(?:打(?:过来|来|电话|进来)?的?)?(?:这个|这部|本|本机|这台)(?:号码?|电话|手机|座机|固话|机子)"
    "|(?:就是|还是|就|用)?(?:我)?(?:现在|正在|目前|刚才|手上)(?:正)?(?:打|用|拨)(?:过来|来|进来|电话|着)*的?(?:这个|那个)?(?:号码?|电话|手机)"
    "|(?:来电|本机|打进来|打过来)的?(?:这个)?(?:号码|号|电话)"
    "|(?:我的?)?(?:电话|号码|手机|联系方式|联系电话)?就是(?:这个|本机|来电|打进来的?)(?:号码?|电话|手机)?"
    "|这个(?:号码?|电话|手机)(?:就|也)?(?:可以|行|能|联系|找|打|是我的)"
    "|(?:来电|屏幕|你们?那?边?|您那?边?)[^,。?!]{0,4}显示[^,。?!]{0,6}[,]?(?:就是)?(?:那|这)?个?(?:号码?|电话)?(?:就是|就行|就可以)?(?=$|[,。])"
    "|打(?:进|过)?来的?(?:这个|那个)(?=$|[,。])|(?:在|正)?用着?的这个(?=$|[,。])|^(?:就|是)?同号(?=$|[,。])"
    "|[跟和与](?:打(?:进|过)?来|来电|现在打|这个)的?(?:号码?|电话)?(?:是)?一(?:样|致|个)|用这个(?:联系|打|找|回)"
    "|就这个(?:号码?|电话|手机|号就行)?(?=[,。!]|就|可以|吧|啊|呢|行|$)"
)
_DENIED = re.compile("(?:别|不要|不是|不用|不能|打不通|没法|别再)[^,。?!]{0,3}$")
_DENIED_AFTER = re.compile("^[^,。?!]{0,4}(?:打不通|坏|停机|不通|没信号|打不进|不是我|没人接|听不清|不行|不方便)")
_ABOUT_CONTACT = re.compile("联系|电话|号码|手机|打给|回复|回电|找[您我]|方便|回我|打我")
_ABROAD = re.compile("^(?:00|\\+)?86(?=1\\d{10}$|0?[1-9]\\d{8,10}$)")
_LOCAL_FROM = 7
_SHORTEST = 7
_SAID_PLAINLY = 0.9
_MOBILE = 11
_SHIFTED = 0.5
_MOVED = 2
"""Digits of eleven that a shifted number may lack."""


def plain_number(number: str) -> str:
    """Digits of a number as it is dialled at home: without +86 and whatever stands between."""
    return _ABROAD.sub("", re.sub("[^\\d+]", "", number)).lstrip("+")


def check_number(phone: str | None, caller: str) -> NumberCheck | None:
    """Whether the caller may be called back where the call came from; None where either is unknown."""
    calling = plain_number(caller)
    if phone is None or len(calling) < _SHORTEST:
        return None
    return NumberCheck.SAME if _same(phone, calling) else NumberCheck.DIFFERENT


def _same(number: str, calling: str) -> bool:
    """A landline said without its area code is the same line."""
    one, other = plain_number(number).lstrip("0"), calling.lstrip("0")
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    landlines = not short.startswith("1") and len(short) in (_LOCAL_FROM, _LOCAL_FROM + 1)
    return (
        landlines and len(long) > len(short) and long.endswith(short) and not (len(long) == 11 and long.startswith("1"))
    )


def this_number(lines: Sequence[Line], caller: str) -> Phone | None:
    """The calling number where the caller says to use it; the sentence that says so is the evidence."""
    calling = plain_number(caller)
    if len(calling) < _SHORTEST:
        return None
    for number, line in enumerate(lines):
        if not line.is_caller:
            continue
        for match in _THIS_NUMBER.finditer(line.text):
            start, end = line.clause(match.start(), match.end())
            if _DENIED.search(line.text, start, match.start()) or _DENIED_AFTER.match(line.text[match.end() :]):
                continue
            asked = next(
                (lines[at].text for at in range(number - 1, max(-1, number - 7), -1) if not lines[at].is_caller), ""
            )
            about = _ABOUT_CONTACT.search(line.text[start:end]) or _ABOUT_CONTACT.search(asked)
            if about:
                return Phone(calling, _SAID_PLAINLY, (line.evidence(start, end),), ((number, start, end),))
    return None


def agreed_number(lines: Sequence[Line], caller: str) -> Phone | None:
    """The calling number where the seat asks whether it will do and the caller says yes."""
    calling = plain_number(caller)
    if len(calling) < _SHORTEST:
        return None
    for number, line in enumerate(lines[:-1]):
        answer = lines[number + 1]
        if line.is_caller or not answer.is_caller:
            continue
        asks = _SEAT_ASKS.search(line.text)
        if asks and _YES.match(answer.text) and not _NO.search(answer.text[:20]):
            start, end = line.sentence(*asks.span())
            first, last = answer.sentence(0, 1)
            return Phone(calling, 0.85, (line.evidence(start, end), answer.evidence(first, max(last, 1))))
    return None


_SEAT_ASKS = re.compile(
    "(?:联系|打|用|回|留|拨打|号码|电话|手机)[^。?!]{0,14}(?:这个|本机|来电|您现在|现在打|当前)(?:的)?(?:号码?|电话|手机|来电)?[^。?!]{0,14}(?:吗|么|吧|\\?|对不对|可以)|(?:这个|本机|来电)(?:号码?|电话|手机)[^。?!]{0,14}(?:联系|打|您的?|可以|行|方便)[^。?!]{0,8}(?:吗|么|吧|\\?)"
)
_YES = re.compile("^(?:嗯|哦|啊)?[,。]?(?:对|是|可以|行|好|没错|嗯|就这个|就是|能)")
_NO = re.compile("不(?:是|行|对|用|要)|换(?:个|一个)|另外|打我")


def near_miss(phone: Phone | None, spoken: Sequence[tuple[str, Evidence]], caller: str) -> tuple[Alternative, ...]:
    """The calling number, where what was said as the contact is it but for one digit: likely misheard."""
    calling = plain_number(caller)
    if len(calling) < _LOCAL_FROM + 1:
        return ()
    if phone is not None and one_digit_off(phone.number, calling):
        reason = "one digit off the calling number"
        return (Alternative(calling, 0.5, phone.evidence, reason),)
    for digits, evidence in spoken:
        if phone is None and one_digit_off(digits, calling):
            return (Alternative(calling, 0.55, (evidence,), "what was heard is the calling number but for one digit"),)
    return ()


def one_digit_off(one: str, other: str) -> bool:
    """Whether a single digit changed, lost or added makes one number the other."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) == 1
    short, long = sorted((one, other), key=len)
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def read_out(phone: Phone, lines: Sequence[Line], caller: str) -> Phone:
    """A number that only the seat said, and that is the calling one but for a digit, was read from the screen."""
    calling = plain_number(caller)
    seats = phone.spans and all(not lines[line].is_caller for line, _, _ in phone.spans)
    return replace(phone, number=calling) if seats and one_digit_off(phone.number, calling) else phone


def shifted(phone: Phone, lines: Sequence[Line], caller: str) -> Phone | None:
    """The calling number, where what was heard is it with digits lost and others added, so that those between moved.

    A relative's number differs in its last places and moves nothing; only a recogniser shifts digits.
    """
    calling = plain_number(caller)
    if any(not lines[line].is_caller for line, _, _ in phone.spans):
        return None  # the seat heard the same
    if len(phone.number) != len(calling) or len(calling) != _MOBILE or phone.number[:2] != calling[:2]:
        return None
    changed = sum(one != other for one, other in zip(phone.number, calling, strict=True))
    kept = len(calling) - LCSseq.similarity(phone.number, calling)
    return replace(phone, number=calling, confidence=_SHIFTED) if kept <= _MOVED and changed >= kept + 4 else None


def surer(phone: Phone, check: NumberCheck | None) -> Phone:
    """A number that was read out and is the calling number cannot have been misheard."""
    return replace(phone, confidence=max(phone.confidence, 0.97)) if check is NumberCheck.SAME else phone
