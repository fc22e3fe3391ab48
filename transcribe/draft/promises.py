"""What the seat promised, word for word (D111): a deed with its time, or one that is vouched for.

What depends on something (如果), is doubted (可能, 争取), is a general rule (一般) or is asked back is no promise. A
question at a sentence's end (…，打哪个电话？) asks for its own clause only, unless it asks for a yes to the ones before
it (…，行吗？).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transcribe.draft.normalise import BREAKS, STOPS, Line
from transcribe.draft.result import Alternative, Evidence, Kind
from transcribe.draft.reworded import reworded

_N = "[\\d一二两三四五六七八九十半几]"
_DURATION = (
    f"{_N}{{1,4}}(?:到|至|,|-)?{_N}{{0,3}}个?半?(?:工作日|小时|钟头|分钟|天|日|周|星期|礼拜|月)|半个?(?:小时|钟头|天|月)"
)  # fmt: skip
_WITHIN = (
    f"(?:{_DURATION})(?:之内|以内|内|之后|以后|过后|后|左右|上下)"
    f"|{_N}{{1,3}}[^,。?!](?:之|以)?内(?=[给为会我师派有答回])"
)
"""三届内 is three somethings, whatever was heard for the days."""
_DAYTIME = "凌晨|清早|一早|早上|上午|中午|下午|傍晚|晚上|夜里|天黑|下班"
_FEAST = "元旦|春节|过年|年|清明|五一|端午|中秋|国庆|十一|节|开学|放假|周末"
_DAY = (
    "今天|今晚|今早|今日|今儿|明天|明早|明晚|明日|明儿|后天|大后天|当天|当日|当晚|本周|这周|这个?星期|这个?礼拜|下周|下个?星期|下个?礼拜|这?周末"
    "|(?:这|本|下)?个?(?:周|星期|礼拜)[一二三四五六日天]|月底|月初|月中|[上中下]旬|下个?月|本月|这个?月|次月|下个?账期|次账期|次日|第二天|年底|年前|节前|节后"
    f"|(?:{_N}{{1,2}}月)?{_N}{{1,3}}(?:号|日)|(?:{_FEAST})(?:之前|以前|前|后)|赶明儿?|转天|隔天|过两天|连夜|当场"
)
_BY_THEN = "最晚|最迟|至迟|不超过|不出|至多|最多|顶多"
_WHEN = (
    f"(?:{_DAY})(?:的(?={_DAYTIME})|之内|内|里)?(?:{_DAYTIME})?(?!的)|(?:{_DAYTIME})?{_N}{{1,3}}点(?:钟|半|{_N}{{1,2}}分?)?|(?:{_DAYTIME})(?:之前|以前|前)|下午|晚上|傍晚|中午|{_BY_THEN}"
)  # fmt: skip
_DEADLINE = re.compile(f"(?:{_DAY}|{_DAYTIME}|点|点钟|点半|分)(?:{_DAYTIME})?(?:之前|以前|前)")
_TIME = re.compile(f"{_WITHIN}|{_WHEN}")
_PLAIN_TIME = re.compile(f"{_WITHIN}|明|后天|(?:周|星期|礼拜)[一二三四五六日天]|[点号日]|前|{_BY_THEN}|下(?:周|个)|今")
"""One that is surely to come, so that whatever is done for the caller then is promised."""
_BARE_DURATION = re.compile(
    f"(?<!每)(?<!送)(?<!第)(?:{_DURATION})(?!的|期|前|多|租|话|流量|费|免|合约|套餐|[\\d一二两三四五六七八九十]+(?:块|元))"
)
"""三天给您答复: counts with a deed right behind it."""
_RIGHT_BEHIND = 4
_ONLY_TIME = re.compile(f"(?:大概|也就)?(?:{_DURATION})(?:之内|以内|内|之后|以后|后)?")
"""A clause that only says how long: 师傅马上就到，二十分钟."""
_FIRM = re.compile(f"{_WITHIN}|{_DAY}|点|{_BY_THEN}|前|{_DURATION}")
"""A time that is more than one of day: 晚上用户集中，我派人看看 promises nothing for tonight."""
_VAGUE = re.compile("尽快|马上|立刻|立即|第一时间|这就|一会儿?|稍后|很快|近期|过会儿?")
_ANSWERED = (
    "回复|答复|回电|回访|回个?电话|回您|回话|打给您|打电话|致电|来电|发短信|联系|通知|告知|告诉|结果|结论|说法|交代|答案|反馈|回音|消息|查清|查明|核实(?:清楚|完|好)|核查(?:清楚|完|好)|办结|给您打|打过[去来]|回[过信]|信儿|准[信话]|说一声|打个招呼|讲一声"
)  # fmt: skip
_CAME = (
    "上门|登门|赶到|到(?:您|你|家|现场|账|达|位|场|户|楼|村|店|单位|小区|那|府)|抵达|过(?:去|来)|派|安排|有人|来人|施工|抢修|检修|维修|检测|测(?:$|试|一|线|速|量)|查看|看(?:看|一看|一下)|勘查|勘察|(?:跑|奔|去|上|来)(?:一趟|您|你|现场|家里?|那|店)|到场|动工|开工|进场"
)  # fmt: skip
_DONE_BY_US = (
    "处理|修|解决|安装|装|移机|移(?:好|过)|退|返|冲(?:正|回|还)|取消|关(?:闭|掉|停)|恢复|开通|开(?:好|机)|办(?:好|理|完|妥)|寄|送(?:到|达|去|过|上)|补|减免|免(?:掉|去|除)|改(?:好|过|回|成)|更(?:正|换)|搞(?:定|好)|弄(?:好|完|妥)|落实|能通|修通|接通|通(?:上|网)|复机|抵扣|充(?:到|入|回|上|好)|打(?:到|入|款)"
    "|换(?:好|掉|新|过|上)|挂(?:上|好)|拉(?:好|过)|撤(?:下|掉|销)|拆(?:掉|走|完|除)|清(?:零|除|掉)|到账|敲定|定下来|整改|下架|封(?:停|掉)|屏蔽|调(?:好|通|整)|销(?:掉|户|账)|屏蔽|登报|道歉|赔|接(?:上|好|通)|抢(?:通|修)|扣回|减掉|划回|拨(?:回|付)|发货|补货|快递|寄|发(?:到|给|出|您|你)|交(?:给|到)您|不会再|不再|再也不"
)
_DEED = re.compile(
    f"{_ANSWERED}|{_CAME}|{_DONE_BY_US}|(?:师傅|人员|工程师|专人|同事|抢修队|班长|经理|车|队|货)[^,。?!]{{0,14}}到(?:$|位|场)|(?:准时|按时|一定|保证)[^,。?!]{{0,3}}到$|报(?:省|市|总|上级|公司|给|到|上)|递交|转(?:给|到|交)|(?<=[钟时天前])(?:就|准|内|之内|以内)?(?:就|能|会|准)?到$"
)
_FOR_YOU = re.compile(
    "(?:给|帮|为|替|跟|向)(?:您|你|咱)|(?:师傅|专人|工程师|班长|经理|主管|同事|他们|人)[^,。?!]{0,6}(?:会|就|一定|准|给|来|去|到)|我们(?:这边)?[会将]|内[给跟]|(?:让|叫|请|派)[^,。?!您]{1,8}(?:给|跟|来|去|到|把)|(?:保证|一定|准|必定|肯定)"
)
"""Something done for the caller, whatever it is."""
_VOUCHED = re.compile(
    "保证|一定(?:会|给|帮|让|为|要|按|在)?|承诺|答应您|我?负责(?:给|帮|到底|联系|处理)|肯定(?:会|给|能)?|绝对(?:会|不会)?|放心|包在我|包您"
)
_NO_PROMISE = re.compile(
    "的话(?!费)|只要您|可能|也许|或许|争取|尽量|尽力|不(?:能|敢|好)[^,。?!]{0,4}(?:保证|承诺|确定|说)|无法|没有?办法|没法|保证不了|不一定|说不准|不确定|估计|大概|大约|预计|预期|有望|应该(?:会|能|可以)?|一般|通常|正常(?:情况|来说|是|要|需|的话|流程|工期|时限)|规定(?:是|的|为)|标准(?:是|的|为)|按照?标准|原则上|最长|才(?:能|可以|会)|往往|平均|不保证|不(?:会|能|再|给)(?:退|处理|上门|安排|派|赔|减免|恢复)"
    "|(?:请|需要|麻烦|建议|要)您|(?<![带陪替给为帮跟])您(?:可以|需要|得|要(?!求|的)|自己|去|到(?!账|时)|带|拿|先|再|登录|拨打|发送|什么时候|方便|明天|今天|后天|今晚|上午|下午|晚上|这两天|过|等|是|说(?!的|过)|反映(?!的))|客户需|用户需|每(?:月|天|年|个月)(?!返)|什么时候|多久|几点(?!前)|哪天|有效|之后您|城区|农村|时限"
    f"|(?:是|要)(?:{_DURATION})(?:之内|以内|内)?$|没有?(?:师傅|人)[了能去]"
)
_DONE = re.compile(
    "已经|刚才|刚刚|昨天|昨晚|昨日|前天|上周|上个?(?:月|星期|礼拜)|当时|曾经?|之前(?!给|回|联系|会|一定|上门|处理|到|修|解决|答复)|(?:报|登记|派|申请|提交|反馈)过|您(?:上次|之前)|显示|查到|记录(?:里|上|是)|是[^,]{1,14}的$|当场[^,]{1,14}了$|(?:去|来|办|开|装|修|到|报)过"
)
_DONE_FOR_YOU = re.compile("(?:给|帮|为|替)(?:您|你)[^,]{1,12}[了的]$|(?:办|开|扣|订|签|走|收|生|产)[^,]{0,4}的$")
_WILL = re.compile("会|将|一定|保证|肯定|(?:周|星期|礼拜|月|天|日)(?:之|以)?内")
"""With it or a time to come, 给您办好了 and 给您办好的 are still to be done."""
_ARRANGED = re.compile("(?:安排|派|通知|联系|约|催|加急|调度|协调|报|转|说|让|叫)")
"""已经安排师傅下午过去 is still to come."""
_TO_COME = re.compile(
    f"(?:{_WITHIN})|明|后天|下周|下个?(?:星期|礼拜|月)|今晚|今天(?:之内|内|{_DAYTIME})|下午|晚上|马上"
)
_NOTED = re.compile("^[^,]{0,4}已经?(?:帮您|给您|为您)?(?:加急|登记|上报|派单|催|报|记录|反馈)(?:好|上去)?了")
"""What has been noted already does not keep what follows it from being promised."""
_TAG = re.compile(
    "^(?:您?看|这样|那)?(?:这样)?(?:处理|安排)?(?:好不好|行不行|可不可以|可以不|可以|行|好|成|中|方便|没问题|您看|同意|合适|怎么样|如何|能接受)(?:吗|么|吧|不|伐|呢)?$"
)
"""A last clause that asks for a yes to the ones before it."""
_ASKED = re.compile("(?:吗|么|呢|伐|好不好|行不行|可不可以|可以吧|行吧|好吧|方便吧)[,。?!]?$")
_AGREED = re.compile("^(?:嗯|那|哦)?[,。]?(?:可以|行|好|成|没问题|嗯|对|ok|中)(?!像|多|几)")
_LEAD = re.compile(
    "^(?:好的?|嗯|那|收到|是的|您好|先生|女士|这样|那么|您放心|请您?放心|放心|没问题|对|行|这边|非常抱歉|抱歉|对不起)+(?=.{6})"
)
_THIS_CALLER = re.compile("(?:给|帮|为|替|跟|向)(?:您|你)|联系您|回(?:复|访)?您|通知您|师傅|保证|一定")
_RULE = re.compile(
    "(?:申请|受理|报修|提交|办理|办完|交费|缴费|缴清|充值|审核|预约|下单|签约|通过|成功|完成|到期|齐全?)(?:之后|以后|后)"
)
_ONCE = re.compile("有了?(?:结果|消息|进展|情况|音信|通知)")
"""有结果一定通知您 tells of no time at all."""
_CONDITIONAL = re.compile("如果|要是|假如|倘若|除非|万一|一旦")
_BY_US = re.compile("(?:给|帮|为|跟|和|与|向)(?:您|你)|我们?|工作人员|师傅|专人|部门|同事|客服|班长|经理|他们")
_PROMISING = (
    "小时 工作日 之内 以内 之前 以前 之后 以后 回复 答复 回电 致电 联系 通知 处理 上门 "
    "解决 修好 恢复 师傅 现场 明天 后天 今天 今晚 上午 下午 中午 下班 给您 保证 一定 反馈 "
    "结果 派人 专人 退到 到账 账户 话费 抢修 安排 移机 安装 查清 您家"
)
_DOUBTING = "尽量 正常情况 预计 没有办法 没办法 可能 争取 一般情况 不能保证 应该会 营业厅 如果"
_GOES_ON = "(?=[给会我师派有答回修上处到一肯把就让退去联]|您|专人)"
_WITHIN_HEARD = re.compile(f"(?<=[时天日周月期间钟])[类累泪雷嘞那]{_GOES_ON}|(?<={_N}[^,。?!])[类累泪雷](?=[给会])")
_BEFORE_HEARD = re.compile(f"(?<=[点班午号天钟半一二三四五六日])[钱千签迁浅]{_GOES_ON}")
_TO_HEARD = re.compile("[倒道刀导岛](?=$|[,。]|[您你]家?|家里?(?:$|[,。])|现场|账)")
_NUMERALS = frozenset("0123456789一二两三四五六七八九十半")
_MOST = 6
_MOST_LOOSE = 3
_ECHO = 5
"""A clause no longer than this that only vouches (一定到) says again what the one before it promised."""


@dataclass(frozen=True, slots=True)
class Promise:
    text: str
    confidence: float
    evidence: Evidence


def find_promises(
    verbatim: Sequence[Line], repaired: Sequence[Line], kind: Kind
) -> tuple[tuple[Promise, ...], tuple[Alternative, ...]]:
    """Promises in the order in which they were given, each once; and what is promised with no time, as alternatives.

    A line that promises nothing as it was heard may do so with its misheard words put right: those of the lexicon, then
    those that promises are made of. Who asks how long a thing takes is told a rule: of an enquiry only what is to be
    done for this caller is promised.
    """
    firm, loose = _found(verbatim)
    told = {each.evidence.turn for each in firm.values()}
    more: dict[str, Promise] = {}
    more_loose: dict[str, Alternative] = {}
    for reading in (
        [_with_numerals(*both) for both in zip(repaired, verbatim, strict=True)],
        [_as_promised(each) for each in verbatim if not each.is_caller],
    ):
        found, found_loose = _found([each for each in reading if each.index not in told])
        told |= {each.evidence.turn for each in found.values()}
        more, more_loose = found | more, found_loose | more_loose
    if kind is Kind.ENQUIRY:
        firm, more = ({text: each for text, each in some.items() if _is_personal(text)} for some in (firm, more))
    promises = sorted([*firm.values(), *more.values()], key=lambda each: (each.evidence.turn, each.evidence.first))
    return tuple(promises)[:_MOST], tuple((more_loose | loose).values())[:_MOST_LOOSE]


def _with_numerals(repaired: Line, heard: Line) -> Line:
    """The repaired line with the numerals that were heard: 下个月一号 is no 下个月移好."""
    return repaired.with_text(
        "".join(said if said in _NUMERALS else meant for meant, said in zip(repaired.text, heard.text, strict=True))
    )


def _as_promised(line: Line) -> Line:
    """The line with words of time and of deeds read where others of their sound were heard: 三天类给您打负."""
    text = reworded(line.text, _PROMISING)
    text = _WITHIN_HEARD.sub("内", text)
    text = _BEFORE_HEARD.sub("前", text)
    return line.with_text(_TO_HEARD.sub("到", text))


def _is_personal(text: str) -> bool:
    return _THIS_CALLER.search(text) is not None and _RULE.search(text) is None


def _found(lines: Sequence[Line]) -> tuple[dict[str, Promise], dict[str, Alternative]]:
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
    return firm, loose


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
    clauses, asked = _said(text, start, end)
    if asked and not (after and after[0].is_caller and _AGREED.match(after[0].text)):
        return
    used = promised = -1
    for at, (first, last) in enumerate(clauses):
        clause = _NOTED.sub("", text[first:last])
        if at <= used or _says_no(clause):
            continue
        follows = clauses[at + 1] if at + 1 < len(clauses) else None
        timed, deed = _timed(clause), _DEED.search(clause) is not None
        if timed and (deed or (_FOR_YOU.search(clause) and _PLAIN_TIME.search(clause))):
            promised = at
            yield (*_trimmed(text, first, last), 0.6 if asked else 0.88)
        elif (
            timed
            and follows
            and not asked
            and _FIRM.search(clause)
            and _goes_on(text[follows[0] : follows[1]])
            and len(clause) <= 16
        ):
            used = promised = at + 1
            yield (*_trimmed(text, first, follows[1]), 0.78)
        elif deed and follows and not asked and _ONLY_TIME.fullmatch(text[slice(*follows)]):
            used = promised = at + 1
            yield (*_trimmed(text, first, follows[1]), 0.75)
        elif (
            deed
            and _VOUCHED.search(clause)
            and not asked
            and not _ONCE.search(clause)
            and not (promised == at - 1 and len(clause) <= _ECHO)
        ):
            yield (*_trimmed(text, first, last), 0.7)
        elif deed and _VAGUE.search(clause) and not asked and _BY_US.search(clause):
            yield (*_trimmed(text, first, last), 0.4)


def _said(text: str, start: int, end: int) -> tuple[list[tuple[int, int]], bool]:
    """The clauses of a sentence that are said, up to a condition; and whether the caller is asked for a yes to them."""
    clauses = [match.span() for match in re.compile("[^,:]+").finditer(text, start, end)]
    asked = text[end : end + 1] == "?" or _ASKED.search(text[start:end]) is not None
    if asked and len(clauses) > 1 and not _TAG.match(text[slice(*clauses[-1])]):
        clauses, asked = clauses[:-1], False
    for at, (first, last) in enumerate(clauses):
        if _CONDITIONAL.search(text[first:last]):
            return clauses[:at], asked
    return clauses, asked


def _timed(clause: str) -> bool:
    """Whether a clause names a time by which, or a stretch of it with the deed right behind."""
    if _TIME.search(clause):
        return True
    return any(
        deed.start() - match.end() <= _RIGHT_BEHIND
        for match in _BARE_DURATION.finditer(clause)
        for deed in [_DEED.search(clause, match.end())]
        if deed is not None
    )


def _says_no(clause: str) -> bool:
    """Whether a clause is a rule, a doubt or a thing of the past; a doubt also where it only sounds so."""
    if _NO_PROMISE.search(clause) or _NO_PROMISE.search(reworded(clause, _DOUBTING)):
        return True
    undated = _DEADLINE.sub("", clause)
    if _DONE_FOR_YOU.search(undated) and not (_WILL.search(clause) or _TO_COME.search(clause)):
        return True
    done = _DONE.search(undated)
    return done is not None and not (_ARRANGED.search(clause, done.end()) and _TO_COME.search(clause, done.end()))


def _goes_on(clause: str) -> bool:
    return _DEED.search(clause) is not None and not _says_no(clause)


def _trimmed(text: str, first: int, last: int) -> tuple[int, int]:
    led = _LEAD.match(text[first:last])
    first += led.end() if led else 0
    while last > first + 1 and text[last - 1] in BREAKS + "的啊哦呢吧":
        last -= 1
    return first, last
