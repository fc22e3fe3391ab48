"""What the seat promised, word for word (D111): a deed with its time, or one that is vouched for.

What depends on something (如果), is doubted (可能, 争取), is a general rule (一般) or is asked back is no promise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transcribe.draft.normalise import BREAKS, STOPS, Line
from transcribe.draft.result import Alternative, Evidence

_N = "[\\d一二两三四五六七八九十半几]"
_WITHIN = (
    f"{_N}{{1,4}}(?:到|至|、|-)?{_N}{{0,3}}个?(?:工作日|小时|钟头|分钟|天|日|周|星期|礼拜|月)(?:之内|以内|内|之后|以后|后|左右)?|半个?(?:小时|钟头|天)(?:之内|以内|内)?|半天(?:之内|内)?"
)  # fmt: skip
_WHEN = (
    "今天|今晚|今日|明天|明早|明晚|明日|后天|大后天|当天|本周|这周|这个?星期|这个?礼拜|下周|下个?星期|下个?礼拜|周[一二三四五六日天末]|星期[一二三四五六日天]|礼拜[一二三四五六日天]|下班(?:之|以)?前|月底|月初|下个?月|本月|这个月|次月|下个?账期|次账期|当日"
    f"|{_N}{{1,3}}(?:号|日)(?:之前|以前|前|上午|下午)?|{_N}{{1,3}}点(?:钟|半)?(?:之前|以前|前)?|(?:最晚|最迟|不超过|至多|最多)"
)
_TIME = re.compile(f"{_WITHIN}|{_WHEN}")
_VAGUE = re.compile("尽快|马上|立刻|立即|第一时间|这就|一会儿?|稍后|很快|近期|过会儿?")
_DEED = re.compile(
    "回复|答复|回电|回访|回个?电话|给您(?:打|回)|打给您|打电话给您|联系|上门|赶到|到(?:您|你)|到(?:家|现场|账|达)|过(?:去|来)|处理|修|解决|安装|装|移机|退|返还|返到|取消|关闭|恢复|开通|生效|办好|办理|办完|安排|派|核实|查清|查明|结果|说法|寄|送|补|减免|改好|改过来|更正|通知|搞定|弄好|落实|给您(?:一个)?(?:答复|结果|交代)|办结|能通|修通|通上|准时到|(?:师傅|人员|工程师|专人|同事|抢修队|车)[^,。?!]{0,14}到(?:$|位|场)|回话|抵扣|充(?:到|入|回)|打(?:到|入)"
)
_VOUCHED = re.compile(
    "保证|一定(?:会|给|帮|让|为|要|按|在)?|承诺|答应您|我?负责(?:给|帮|到底|联系|处理)|肯定(?:会|给|能)?|绝对(?:会|不会)?|放心"
)
_NO_PROMISE = re.compile(
    "如果|要是|假如|倘若|的话|除非|只要您|可能|也许|或许|争取|尽量|尽力|不(?:能|敢|好)(?:保证|承诺|确定|说)|无法|没办法|没法|保证不了|不一定|说不准|不确定|估计|大概|大约|预计|应该(?:会|能|可以)?|一般|通常|正常|规定|标准|原则上|最长|才能|往往|平均|不保证|不(?:会|能|再|给)(?:退|处理|上门|安排|派|赔|减免|恢复)"
    "|(?:请|需要|麻烦|建议|要)您|您(?:可以|需要|得|要|自己|去|到|带|拿|先|再|登录|拨打|发送|什么时候|方便|明天|今天|是|说|反映)|客户需|用户需|每(?:月|天)|什么时候|多久|几点|哪天"
)
_DONE = re.compile(
    "已经|刚才|刚刚|昨天|前天|上周|上个?月|当时|之前(?!给|回|联系|会|一定|上门|处理|到|修|解决|答复)|(?:报|登记|派|申请|提交|反馈)过|您(?:上次|之前)"
)
_NOTED = re.compile("^[^,]{0,4}已经?(?:帮您|给您|为您)?(?:加急|登记|上报|派单|催|报|记录|反馈)(?:好|上去)?了")
"""What has been noted already does not keep what follows it from being promised."""
_ASKED = re.compile("(?:吗|么|呢|好不好|行不行|可不可以|可以吧|行吧|好吧|方便吧)[,。?!]?$")
_AGREED = re.compile("^(?:嗯|那|哦)?[,。]?(?:可以|行|好|成|没问题|嗯|对|ok|中)(?!像|多|几)")
_JOINT = "[,:]"
_LEAD = re.compile(
    "^(?:好的?|嗯|那|收到|是的|您好|先生|女士|这样|那么|您放心|请您?放心|放心|没问题|对|行|这边|非常抱歉|抱歉|对不起)+(?=.{6})"
)


@dataclass(frozen=True, slots=True)
class Promise:
    text: str
    confidence: float
    evidence: Evidence


def find_promises(lines: Sequence[Line]) -> tuple[tuple[Promise, ...], tuple[Alternative, ...]]:
    """Promises in the order in which they were given, each once; and what is promised with no time, as alternatives."""
    firm: dict[str, Promise] = {}
    loose: dict[str, Alternative] = {}
    for number, line in enumerate(lines):
        if line.is_caller:
            continue
        for start, end in _sentences(line.text):
            for first, last, sure in _promises(line.text, start, end, lines[number + 1 : number + 2]):
                evidence = line.evidence(first, last)
                if sure >= 0.5:
                    firm.setdefault(evidence.text, Promise(evidence.text, sure, evidence))
                else:
                    loose.setdefault(evidence.text, Alternative(evidence.text, sure, (evidence,), "no time was named"))
    return tuple(firm.values())[:6], tuple(loose.values())[:3]


def promises_in(text: str, start: int, end: int) -> bool:
    """Whether a stretch of the seat's words promises anything by itself."""
    return any(True for _ in _promises(text, start, end, ()))


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for position, character in enumerate(text):
        if character in STOPS:
            yield start, position
            start = position + 1
    yield start, len(text)


def _promises(text: str, start: int, end: int, after: Sequence[Line]) -> Iterator[tuple[int, int, float]]:
    """Clauses of one sentence that promise: deed and time in one clause, or in two that follow one another."""
    asked = text[end : end + 1] == "?" or _ASKED.search(text[start:end]) is not None
    if asked and not (after and after[0].is_caller and _AGREED.match(after[0].text)):
        return
    clauses = list(_clauses(text, start, end))
    if _CONDITIONAL.search(text[start:end]):
        return
    used = -1
    for at, (first, last) in enumerate(clauses):
        clause = _NOTED.sub("", text[first:last])
        if at <= used or _NO_PROMISE.search(clause) or _DONE.search(clause):
            continue
        follows = clauses[at + 1] if at + 1 < len(clauses) else None
        timed, deed = _TIME.search(clause), _deed(clause)
        if timed and deed:
            yield (*_trimmed(text, first, last), 0.6 if asked else 0.88)
        elif timed and follows and not asked and _goes_on(text[follows[0] : follows[1]]) and len(clause) <= 16:
            used = at + 1
            yield (*_trimmed(text, first, follows[1]), 0.78)
        elif deed and _VOUCHED.search(clause) and not asked:
            yield (*_trimmed(text, first, last), 0.7)
        elif deed and _VAGUE.search(clause) and not asked and _BY_US.search(clause):
            yield (*_trimmed(text, first, last), 0.4)


_CONDITIONAL = re.compile("如果|要是|假如|倘若|除非")
_BY_US = re.compile("(?:给|帮|为|跟|和|与|向)(?:您|你)|我们?|工作人员|师傅|专人|部门|同事|客服")


def _deed(clause: str) -> bool:
    return _DEED.search(clause) is not None


def _goes_on(clause: str) -> bool:
    return _deed(clause) and not _NO_PROMISE.search(clause) and not _DONE.search(clause)


def _clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in re.compile(f"[^{_JOINT[1:-1]}]+").finditer(text, start, end):
        yield match.span()


def _trimmed(text: str, first: int, last: int) -> tuple[int, int]:
    led = _LEAD.match(text[first:last])
    first += led.end() if led else 0
    while last > first + 1 and text[last - 1] in BREAKS + "的啊哦呢吧":
        last -= 1
    return first, last
