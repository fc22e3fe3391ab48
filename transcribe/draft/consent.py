"""Whether the caller agreed, once the seat had asked to open, change, charge or record something (D90, D102, D123).

An answer counts only after such a question; 我考虑一下 is neither yes nor no. Question and answer are the evidence.
Where neither reads so as it was heard, both are read by their sound: 统一马 for 同意吗, 型 for 行. A question that was
lost is made up for by an answer that says itself what it is, 同意 or 不同意, right behind what the seat would do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from transcribe.draft.normalise import Line
from transcribe.draft.result import Alternative, Consent, Evidence
from transcribe.draft.reworded import reworded
from transcribe.draft.sorts import Chosen
from transcribe.draft.sounds import syllables

_MATTER = re.compile(
    "开通|开启|打开|开(?:一个|个|好|上|了|掉)|办理|办(?:一个|这个|上|了)|变更|更改|更换|改(?:成|为|套餐|到|回|了)|换(?:成|为|套餐|一)|升级|降(?:级|到|为|档)|取消|退订|关(?:闭|掉|了)|停(?:用|掉|机|了|保)|订购|订阅|续(?:约|费|订|签)|预约"
    "|扣(?:费|除|款|您|掉|一)|收取|收您|收费|付费|费用|录音|过户|销户|销掉|拆(?:机|掉|除)|移机|转(?:成|为|到|网)|恢复|复机|暂停|绑定|解绑|参加|加入|签(?:订|约|署)|延长|升到|叠加|加装|安装|减免|免(?:掉|了|去|除|给您)|[退返](?:还|给您|到|费|回|掉|了)|冲(?:回|正|抵)|抵扣|补偿|赔|送您|撤(?:销|单|诉|掉)|结案|补(?:卡|办|给)|生效|执行|协议|条款|方案|拆分|冻结|解冻|注销|合并|屏蔽|加黑|拉黑|豁免"
)
_DEED_FOR_YOU = re.compile(
    "(?:帮|给|为|替)(?:您|你)(?:把[^,。?!]{1,12})?(?:先|再|直接|现在|马上|申请|一起|都|全部|这边|重新|免费)*(?!登记|记录|记|查|核实|核对|核查|反馈|反映|转接|转到|接通|联系|回电|回复|回访|回话|致电|来电|打|催|看|报修|上报|派|安排|测|解释|说|介绍|念|重复|确认|提交|留(?!一?个)|约|通知|解决|处理|问|找|讲|发|送|算|弄清|答|一个?(?:答|回|说|结|交|准))[\u4e00-\u9fff]"
)
"""Whatever is done for the caller needs a yes; what is only noted, looked up or passed on needs none."""
_PLAINLY = re.compile("同意|愿意|接受|授权|许可|允许|认可")
_TAIL = "(?:吗|么|吧|嘛|伐|不|啵|哇|哈|没|咯|撒|呢)"
_ASKS = re.compile(
    "同意(?:吗|么|不|没|伐|这|办|开|录|变|取|收|扣|$|[,?。])|是否(?:同意|需要|愿意|接受|确认|可以|要|认可|授权|允许|许可)|同不同意"
    f"|(?:可以|行|好|成|中|能接受|愿意|接受|确认|确定|需要|要|没问题|对|方便|认可|得行|允许)(?:的)?{_TAIL}(?=[,?。!]|$|您|先生|女士)"
    f"|[一-鿿]{_TAIL}\\?|我[^,。?!]{{0,6}}(?:帮|给|为|替)您[^,。?!]{{1,14}}了(?:啊|哦|哈|噢|喔)(?=[,。?!]|$)"
    "|可不可以|可以不可以|行不行|好不好|成不成|中不中|要不要|需不需要|愿不愿意|能不能接受|接不接受|认不认可|能接受|您(?:看|觉得)(?:可以|行|怎么样|如何|好|这样|呢|怎样|成)|怎么样\\?|如何\\?|(?:您|你)看呢|没问题吧|没意见吧"
    "|(?:需要|要|确认|确定|愿意|同意|接受|希望|允许)[^。?!]{0,24}(?:吗|么|\\?)|您(?:同意|确认)"
)
_NOT_FOR_CONSENT = re.compile("(?:姓名|贵姓|地址|号码|电话|联系方式|身份证号|账号)[^。?!]{0,8}(?:吗|多少|是|\\?)")
_ASKS_OTHERWISE = re.compile(
    "还有(?:什么|其他|别的)|其他(?:问题|需要)|别的(?:问题|需要)|满意|(?:对|是)(?:吗|吧|不对)[?。]?$|是吗|是吧|没错吧|对不对"
)
"""What is only asked back (是五月办的，对吗) needs no consent."""
_OF_A_FACT = re.compile(
    "过[^,。?!]{0,8}(?:吗|么|没有?)|之前|以前|当时|当初|上次|本人(?:办|开|同意开|来|去|到|签|操作|订|用)|您是(?:要|想|希望|说|不是|在|从)|有没有|是不是|没有[^,。?!]{0,8}吗|[看收听]到了?[^,。?!]{0,6}吗|试"
)
"""What is asked of the past or of what the caller has in mind needs no consent either."""
_DENIED = re.compile("(?:不需要|不要|不开|不办|不同意|不续|不用)[^。?!]{0,10}(?:是吗|对吗|是吧|对吧|对不对)")
_UNDECIDED = re.compile(
    "再想想|(?<!不用)(?<!不)(?<!不再)(?<!没什么)(?:考虑|想想|想一想|商量|问问|问一下|问一问|再说(?!了)|再看|再琢磨|琢磨|回头|不确定|没想好|不知道|不清楚|看看再|过两天|过几天|拿不准|犹豫|合计合计|[得要]看(?:你们|您|你|怎么|是)|做[不勿]了主|作不了主|当不了家|不(?:是)?我说了算)"
)
_REFUSED = re.compile(
    "不(?:同意|统一|要(?!紧|钱|再[乱扣收])|行(?!$|不)|用(?!考虑|想|谢)|需要|可以|接受|愿意?|办|开|想|答应|必|了(?!解)|改|换|续|参加|好(?!意思)|升|订|肯|干|(?<!钱我不)(?<!钱我是不)(?<!钱不)认|弄|稀罕|感兴趣|麻烦|中)|没必要|没兴趣|用不着|犯不着|不行$|不行(?=[,。!])|免了|甭|莫要|谢绝|没门|休想"
    "|(?:不能|不会|不可能|无法|没法|没办法|难以|不敢)(?:接受|同意|这样|这么|答应|认)|(?:接受|同意|答应)不了|(?:怎么|哪儿?|咋)(?:能|会|可|还|就)?(?:行|可以|成|同意|接受)"
    "|别想|做梦|谁(?:稀罕|要(?!是|求)|愿意|想要?|同意)|没有?(?:这|那|什么)?个?必要|门(?:儿)?都没"
    "|^(?:嗯|那|哦|啊|我)?[,。]?(?:还是)?(?:算了|拒绝|不[,。!]|别)|拒绝|别(?:给我|帮我|开|办|弄|改|录|扣|动)|(?:先|还是)(?:不|算了)|算了吧?|凭什么"
)
_GIVEN = re.compile(
    "同意|统一|同一|通意|可以|认可|(?<!好)好(?:的|啊|吧|呀|嘞|哒|,|。|!|$|好(?![的儿]))|行(?:的|啊|吧|,|。|!|$|呀|嘛|行|嘞|哈)|没问题|没有问题|没意见|没啥意见|没毛病|[办开弄搞整改退换续停关销拆录撤补免返冲减扣]吧|取消吧|[办开改]了?就|办(?:了|上)吧|确认|确定|愿意|接受|允许|ok|成(?:啊|,|。|$|吧|的)|中(?:啊|,|。|$|吧)|要得|得行|得嘞|[妥使]得?(?:了|,|。|$)|要(?:的|啊|,|。|$)|需要(?:的|,|。|$)|就这样(?:办|吧|,|。|$)|就这么(?:办|定|着)|那就(?:办|开|取消|改|退|换|这样|弄|照)|当然|必须的|[按照依](?:你|您)(?:们)?(?:说)?的|照办|听(?:你|您)们?的|随(?:你|您|便)|(?:你|您)(?:看着)?(?:弄|办|搞|整|开|改)(?:吧|就行|好了)|嗯(?:呐|呢|嗯)"
    "|麻烦(?:你|您)们?(?:给我|帮我)?(?:弄|办|处理|退|取消|关|改|开|换|操作)|[给帮]我(?:弄|办|退|取消|关|改|开|换)(?:了|掉|上|好)?吧"
)
_GIVES_IN = re.compile("(?:你|您|给我|帮我|就)们?(?:看着)?(?:弄|办|搞|退|取消|关|改|开|换)(?:了|掉|上)?吧")
"""算了，就这样，你办吧 is a yes after all."""
_ECHOED = re.compile(
    "^(?:嗯+|好|那|哦|就|对|行)*[,。]?(?:就|赶紧|快)?(?:取消|退掉|退订|退|开通|开|办理|办|关掉|关|改|换|升|续|参加|停|签|录|拆|免|销|撤|恢复)(?:掉|吧|了|订|个|一个|上|$|[,。!取退开办关改换升续])"
)
"""The matter said back: 退掉退掉."""
_NODDED = re.compile(
    "^(?:嗯+|恩|唔|哦|对|是|是的|对的|对啊|嗯嗯|嗯对|啊|行)[,。!]?(?:嗯|对|是的|好)?[,。!]?(?=$|[,。])"
)
_QUESTION = re.compile("(?:吗|么|呢|多少钱?|为什么|怎么|哪)[?。,]?$|\\?$")
_WHY = re.compile("为什么|凭什么|凭啥")
_OF_THE_PAST = re.compile("(?:当时|当初|那时|之前|以前|上次|原来)[^,。?!]{0,10}(?:同意|授权|允许|接受)")
_HUMMED = re.compile("(?:嗯+|恩|唔|哦|啊|哎|诶|[,。!])+")
_FILLED = re.compile("^(?:嗯+|恩|唔|哦|啊|那|[,。!])+")
_NAMES_ITSELF = re.compile("^(?:嗯|那|哦|我们?|也|都|[,。])*(?P<no>不)?同意(?!书|吗|么|了)")
_ASKING_WORDS = "同意 可以 是否 愿意 接受 授权 取消 开通 办理 退订 录音 续约 改成 换成 退到"
_NOT = re.compile(
    "[勿弗](?=要|用|好|行|可以|同意|接受)|(?<![全内一都])[部步布补怖](?=同意|统一|可以|行|要|用|接受|愿意|需要)"
)
"""不 in another dialect, or as it is misheard before what it denies."""
_ANSWERS = (
    "同意 可以 接受 愿意 好的 行吧 好吧 没问题 没意见 不行 不要 不用 不同意 不可以 不需要 "
    "算了 取消 退订 不接受 不愿意 确认 确定"
)
_ALONE = {"xing": "行", "hao": "好", "cheng": "成", "dui": "对", "shi": "是"}
"""What answers all by itself."""
_ASKED_BY_SOUND = re.compile("[妈马骂玛码嘛](?=[,。?!]|$)")
_OVER = re.compile("(?:好|行|嗯|那)?[,。]?(?P<word>[一-鿿]{1,3})(?:(?P=word))+(?:吧|了)?(?=[,。!]|$)")
_ONLY_DIGITS = re.compile("[零一二三四五六七八九十百千]+")
_SHORT = 8
"""An answer that was heard as other words is short."""
_BY_ITSELF = 0.65
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
            yield from _told_itself(lines, number)
            continue
        at, start, end, denied = question
        answer = _answer(lines, number)
        if answer is not None:
            later, (told, sure, first, last) = answer
            if denied:
                told = Consent.REFUSED if told is Consent.GIVEN else told
            yield told, sure, (lines[at].evidence(start, end), lines[later].evidence(first, last))


def _answer(lines: Sequence[Line], number: int) -> tuple[int, tuple[Consent, float, int, int]] | None:
    """The caller's answer to the question in line `number`; 嗯 is one only where no other follows."""
    nodded = None
    for later in range(number + 1, min(len(lines), number + 1 + _ANSWER_WITHIN)):
        if not lines[later].is_caller:
            if _question(lines, later) is not None or lines[later].text.endswith("?"):
                break
            continue
        read = _said_back(lines[number].text, lines[later]) or _read(lines[later])
        if read is None and _UNDECIDED.search(lines[later].text[:_READ]):
            break
        if read is not None and not _HUMMED.fullmatch(lines[later].text):
            return later, read
        nodded = nodded or (read and (later, read))
    return nodded


def _said_back(asked: str, line: Line) -> tuple[Consent, float, int, int] | None:
    """A yes that says over what was asked: 锁锁锁 to 给您锁上，好吧, 授权授权 to 您授权吗."""
    said = _OVER.match(line.text)
    if said is None or said["word"] not in asked or _ONLY_DIGITS.fullmatch(said["word"]):
        return None
    return Consent.GIVEN, 0.8, 0, line.clause(0, 1)[1]


def _told_itself(lines: Sequence[Line], number: int) -> Iterator[tuple[Consent, float, tuple[Evidence, ...]]]:
    """A yes or no that names itself (不同意) behind what the seat would do, though the question was lost."""
    if number + 1 == len(lines) or not lines[number + 1].is_caller:
        return
    line, answer = lines[number], lines[number + 1]
    told = _NAMES_ITSELF.match(answer.text)
    asked = reworded(line.text, _ASKING_WORDS)
    if told is None or _ASKS_OTHERWISE.search(asked) or not _is_matter(asked, 0, len(asked)):
        return
    first, last = answer.clause(told.start(), told.end())
    value = Consent.REFUSED if told["no"] else Consent.GIVEN
    yield value, _BY_ITSELF, (line.evidence(0, len(line.text)), answer.evidence(first, last))


def _question(lines: Sequence[Line], number: int) -> tuple[int, int, int, bool] | None:
    """Line and place of a question for consent to something, the last in its line; and whether it asks for a no."""
    asked = _question_in(lines, number, lines[number])
    return asked or _question_in(lines, number, _as_asked(lines[number]))


def _as_asked(line: Line) -> Line:
    return line.with_text(_ASKED_BY_SOUND.sub("吗", reworded(line.text, _ASKING_WORDS)))


def _question_in(lines: Sequence[Line], number: int, line: Line) -> tuple[int, int, int, bool] | None:
    found = None
    for match in _ASKS.finditer(line.text):
        start, end = line.sentence(match.start(), match.end())
        plainly = _PLAINLY.search(line.text, start, end) is not None
        if _ASKS_OTHERWISE.search(line.text, start, end):
            continue
        if _NOT_FOR_CONSENT.search(line.text, start, end) and not plainly:
            continue
        if _OF_THE_PAST.search(line.text, start, end):
            continue
        if _OF_A_FACT.search(line.text, start, end) and not plainly:
            continue
        denied = _DENIED.search(line.text, start, end) is not None
        if _is_matter(line.text, start, end):
            found = (number, start, end, denied)
        elif start > 1:
            before, _ = line.sentence(start - 2, start - 1)
            if _is_matter(line.text, before, end):
                found = (number, before, end, denied)
        elif _MATTER.search(_said_before(lines, number)[-60:]):
            found = (number, start, end, denied)
    return found


def _is_matter(text: str, start: int, end: int) -> bool:
    """Whether what is asked is one for consent, and not for a word on the telephone: 我给您登记一下，可以吗."""
    return any(expression.search(text, start, end) is not None for expression in (_MATTER, _DEED_FOR_YOU, _PLAINLY))


def _said_before(lines: Sequence[Line], number: int) -> str:
    """What the seat said before line `number`, the caller's 嗯 between them apart."""
    before = number - 1
    if before > 0 and lines[before].is_caller and _HUMMED.fullmatch(lines[before].text):
        before -= 1
    return "" if before < 0 or lines[before].is_caller else lines[before].text


def _read(line: Line) -> tuple[Consent, float, int, int] | None:
    """What an answer says, how surely, and the sentence that says it; by its sound where its words say nothing."""
    read = _read_words(line)
    if read is not None or _UNDECIDED.search(line.text[:_READ]) or _QUESTION.search(line.text[:_READ]):
        return read
    start = _FILLED.match(line.text)
    at = start.end() if start else 0
    clause = line.text[at : line.clause(at, at)[1]]
    meant = _ALONE.get(next(iter(syllables(clause)), "")) if len(clause) == 1 else reworded(clause, _ANSWERS)
    if not meant or meant == clause or len(clause) > _SHORT:
        return None
    read = _read_words(line.with_text(line.text[:at] + meant + line.text[at + len(clause) :]))
    return read and (read[0], read[1] * 0.75, *read[2:])


def _read_words(line: Line) -> tuple[Consent, float, int, int] | None:
    text = _NOT.sub("不", line.text[:_READ])
    refused, given = _REFUSED.search(text), _GIVEN.search(text)
    if _UNDECIDED.search(text):
        return None
    if refused and refused[0].endswith(("算了", "算了吧")) and _GIVES_IN.search(text, refused.end()):
        refused = None
    if refused and given and given.start() < refused.start() and not _REFUSED.search(text[: given.end()]):
        refused = None  # what was said first answers: 可以，别的不要动
    chosen = refused or given or _ECHOED.match(text) or _NODDED.match(text)
    if chosen is None:
        return None
    start, end = line.sentence(chosen.start(), max(chosen.start() + 1, chosen.end()))
    if _QUESTION.search(line.text[start:end]) and not (refused and _WHY.search(line.text, start, end)):
        return None
    sure = 0.92 if "同意" in line.text[start:end] else 0.85 if refused or given else 0.7
    return (Consent.REFUSED if refused else Consent.GIVEN), sure, start, end
