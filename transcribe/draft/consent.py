"""Whether the caller agreed, once the seat had asked to open, change, charge or record something (D90, D102, D123).

An answer counts only after such a question; 我考虑一下 is neither yes nor no. Question and answer are the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from transcribe.draft.normalise import Line
from transcribe.draft.result import Alternative, Consent, Evidence
from transcribe.draft.sorts import Chosen

_MATTER = re.compile(
    "开通|开启|打开|办理|办(?:一个|这个|上)|变更|更改|更换|改(?:成|为|套餐|到)|换(?:成|为|套餐)|升级|降(?:级|到|为|档)|取消|退订|关闭|关掉|停(?:用|掉|机|了)|订购|订阅|续约|续费|续订|续签"
    "|扣(?:费|除|款|您|掉|一)|收取|收您|收费|付费|费用|录音|过户|销户|拆机|移机|转(?:成|为|到|网)|恢复|暂停|绑定|参加|加入|签(?:订|约|署)|延长|升到|叠加|加装|安装|减免|退(?:还|给您|到|费)|抵扣|撤销|撤单|结案|补卡|生效|执行|协议|条款|方案"
)
_ASKS = re.compile(
    "同意(?:吗|么|不|没|这|办|开|录|变|取|收|扣|$|[,?。])|是否(?:同意|需要|愿意|接受|确认|可以|要)|(?:可以|行|好|成|能接受|愿意|接受|确认|确定|需要|要|没问题|对|方便)(?:的)?(?:吗|么|吧|嘛)|可不可以|行不行|好不好|同不同意|要不要|需不需要|愿不愿意|能不能接受"
    "|您看(?:可以|行|怎么样|如何|好|这样)|(?:需要|要|确认|确定|愿意|同意|接受|希望)[^。?!]{0,24}(?:吗|么|\\?)|您(?:同意|确认)"
)
_NOT_FOR_CONSENT = re.compile("(?:姓名|贵姓|地址|号码|电话|联系方式|身份证号|账号)[^。?!]{0,8}(?:吗|多少|是|\\?)")
_ASKS_OTHERWISE = re.compile("还有(?:什么|其他|别的)|其他(?:问题|需要)|别的(?:问题|需要)|满意")
_DENIED = re.compile("(?:不需要|不要|不开|不办|不同意|不续|不用)[^。?!]{0,10}(?:是吗|对吗|是吧|对吧|对不对)")
_UNDECIDED = re.compile(
    "(?<!不用)(?<!不)(?<!不再)(?:考虑|想想|想一想|商量|问问|问一下|问一问|再说|再看|回头|不确定|没想好|不知道|不清楚|看看再|过两天|过几天)"
)
_REFUSED = re.compile(
    "不(?:同意|统一|要(?!紧|钱)|行|用(?!考虑|想)|需要|可以|接受|愿意?|办|开|想|答应|必|了|改|换|续|参加|好(?!意思)|升|订|肯)|没必要|^(?:嗯|那|哦|啊|我)?[,。]?(?:还是)?(?:算了|拒绝|不[,。!]|别)|拒绝|别(?:给我|帮我|开|办|弄|改|录|扣|动)|(?:先|还是)(?:不|算了)|算了吧?"
)
_GIVEN = re.compile(
    "同意|统一|同一|通意|可以|好(?:的|啊|吧|呀|嘞|哒|,|。|!|$)|行(?:的|啊|吧|,|。|!|$|呀|嘛)|没问题|没有问题|没意见|办吧|开吧|取消吧|改吧|退吧|换吧|续吧|办(?:了|上)吧|确认|确定|愿意|接受|ok|成(?:啊|,|。|$)|中(?:啊|,|。|$)|要得|要(?:的|啊|,|。|$)|需要(?:的|,|。|$)|就这样(?:办|吧)|就这么(?:办|定)|那就(?:办|开|取消|改|退|换|这样)|当然|按你说的|听你的"
)
_ECHOED = re.compile(
    "^(?:嗯+|好|那|哦|就|对|行)*[,。]?(?:就)?(?:取消|退掉|退订|退|开通|开|办理|办|关掉|关|改|换|升|续|参加|停|签|录)(?:掉|吧|了|订|个|一个|上|$|[,。取退开办关改换升续])"
)
"""The matter said back: 退掉退掉."""
_NODDED = re.compile(
    "^(?:嗯+|恩|唔|哦|对|是|是的|对的|对啊|嗯嗯|嗯对|啊|行)[,。!]?(?:嗯|对|是的|好)?[,。!]?(?=$|[,。])"
)
_QUESTION = re.compile("(?:吗|么|呢|多少钱?|为什么|怎么|哪)[?。,]?$|\\?$")
_ANSWER_WITHIN = 3
_READ = 40
"""Characters of the answer that are read: what comes later answers something else."""


def find_consent(lines: Sequence[Line]) -> Chosen[Consent] | None:
    """The answer to the last question for consent that had one; an earlier answer that differs stands beside it."""
    answered = list(_answers(lines))
    if not answered:
        return None
    value, confidence, evidence = answered[-1]
    others = [
        Alternative(told.value, sure * 0.6, found, reason="answered to an earlier question")
        for told, sure, found in answered[:-1]
        if told is not value
    ]
    return Chosen(value, confidence, evidence, tuple(others[-1:]))


def _answers(lines: Sequence[Line]) -> Iterator[tuple[Consent, float, tuple[Evidence, ...]]]:
    for number, line in enumerate(lines):
        if line.is_caller:
            continue
        question = _question(lines, number)
        if question is None:
            continue
        at, start, end, denied = question
        for later in range(number + 1, min(len(lines), number + 1 + _ANSWER_WITHIN)):
            if not lines[later].is_caller:
                if _question(lines, later) is not None:
                    break
                continue
            answer = _read(lines[later])
            if answer is not None:
                told, sure, first, last = answer
                if denied:
                    told = Consent.REFUSED if told is Consent.GIVEN else told
                yield told, sure, (lines[at].evidence(start, end), lines[later].evidence(first, last))
                break


def _question(lines: Sequence[Line], number: int) -> tuple[int, int, int, bool] | None:
    """Line and place of a question for consent to something, the last in its line; and whether it asks for a no."""
    line = lines[number]
    found = None
    for match in _ASKS.finditer(line.text):
        start, end = line.sentence(match.start(), match.end())
        if _NOT_FOR_CONSENT.search(line.text, start, end) or _ASKS_OTHERWISE.search(line.text, start, end):
            continue
        denied = _DENIED.search(line.text, start, end) is not None
        if _MATTER.search(line.text, start, end):
            found = (number, start, end, denied)
        elif start > 1:
            before, _ = line.sentence(start - 2, start - 1)
            if _MATTER.search(line.text, before, end):
                found = (number, before, end, denied)
        elif number and not lines[number - 1].is_caller and _MATTER.search(lines[number - 1].text[-60:]):
            found = (number, start, end, denied)
    return found


def _read(line: Line) -> tuple[Consent, float, int, int] | None:
    """What an answer says, how surely, and the sentence that says it."""
    text = line.text[:_READ]
    refused, given = _REFUSED.search(text), _GIVEN.search(text)
    if _UNDECIDED.search(text):
        return None
    chosen = refused or given or _ECHOED.match(text) or _NODDED.match(text)
    if chosen is None:
        return None
    start, end = line.sentence(chosen.start(), max(chosen.start() + 1, chosen.end()))
    if _QUESTION.search(line.text[start:end]) and not (refused and "为什么" in line.text[start:end]):
        return None
    sure = 0.92 if "同意" in line.text[start:end] else 0.85 if refused or given else 0.7
    return (Consent.REFUSED if refused else Consent.GIVEN), sure, start, end
