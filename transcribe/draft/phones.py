"""The number under which the caller can be reached.

People say a number in groups (一三八，一二三四，五六七八), over several turns, with 幺, 洞 and 拐, with
corrections, and the seat repeats it. Recognisers write digits, numerals or words of the same sound (五 as 我).
So digit groups are collected first, then joined to numbers that can exist, then ranked by what was said around.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from transcribe.draft.normalise import BREAKS, Line
from transcribe.draft.result import Evidence
from transcribe.draft.roles import asks_for_number
from transcribe.draft.sounds import syllables

_WRITTEN = dict(zip("零〇一二三四五六七八九", "00123456789", strict=True)) | {"幺": "1", "洞": "0", "拐": "7"}
_WRITTEN |= {str(digit): str(digit) for digit in range(10)}
_SOUNDS = {
    "ling": "0", "yi": "1", "yao": "1", "er": "2", "san": "3", "si": "4", "shi": "4", "wu": "5", "wo": "5", "liu": "6",
    "qi": "7", "ba": "8", "jiu": "9", "dong": "0", "guai": "7", "shan": "3", "lin": "0", "niu": "6",
}  # fmt: skip
_LIKE = {"两": "2"} | dict.fromkeys("么妖要腰邀耀药咬摇", "1")
"""Words that a digit is written as when it is misheard: 幺 above all."""
_REPEATED = re.compile(r"(\d)\1{2,}")
_SEPARATORS = ".-—·~/"
_BETWEEN = re.compile("[,。:]?(?:(?:嗯|呃|啊|哦|那个|然后|再|后面是?|就是|接着|对|呢|额|诶)[,。]?)*")
"""What may stand between two groups of one number."""
_UNIT = re.compile(
    "^(?:多|来)?(?:元|块|角|毛|年|月|日|天|个|次|兆|[gm]b?(?![a-z])|点|小时|分|秒|岁|位|楼|室|栋|幢|单元|%|条|张|倍|人|台|部)"
)
_TENS = "十百千万"
_TIMES = re.compile("(?:([两二三四五六七八九2-9])个|双)([零〇一二三四五六七八九幺\\d])")

_DIGITS_BEFORE = re.compile("[零〇一二三四五六七八九幺\\d],$")
_SLIP = "(?:不对|部队|不队|补对|不是|错了|说错|讲错|打错|更正|说反|口误)"
_NO_DIGIT = "[^\\d零〇一二三四五六七八九幺]"
_PUT_RIGHT = re.compile(
    f"[,。]?(?:哦|啊|呃|哎|诶|等一?下|[,。])*{_SLIP}(?:了|啊|{_SLIP}|我?说错|[,。!])*(?:应该)?(?:就?是|重新?来)?[,。:]?"
)
"""What stands between a group of digits and the one that replaces it: 六六二幺，不对，六六二七."""
_END_PUT_RIGHT = re.compile(
    f"(?:{_SLIP}{_NO_DIGIT}{{0,8}}(?:后面|最后|末尾|尾号|结尾|后[两三四]位|最后[一两三四]位)"
    f"|(?:哦|啊|哎|诶)[,。]?{_NO_DIGIT}{{0,4}}(?:最后|末尾|尾号|结尾)(?:[一两三四]个?[位个]|那?[一两三四]?[位个])?){_NO_DIGIT}{{0,5}}$"
)
_REPLACED = re.compile(
    f"(?:{_PUT_RIGHT.pattern}|{_NO_DIGIT}{{0,4}}{_END_PUT_RIGHT.pattern.removesuffix('$')})[\\d零一二三四五六七八九幺]"
)
_AREA_BETWEEN = re.compile("的?[,。:]?(?:号码|电话|座机|号)?(?:是|就是|的)?[,。:]?")
_AREA = re.compile("0(?:10|2\\d|[3-9]\\d{2})")
MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0(?:10|2\d)[2-8]\d{7}|0[3-9]\d{2}[2-8]\d{6,7}")
_LOCAL = re.compile(r"[2-8]\d{6,7}")
_CONTACT = re.compile(
    "联系|我(?:的)?(?:手机|电话|号码)|手机号|电话号|(?:电话|号码|手机)(?:是|呢|就是|为)|打我|打给|打到|回(?:个)?电|找[一-鿿]{1,3}[,:]?$|回复我|打这个|留"
)
_OTHER_NUMBER = re.compile(
    "(?:工号|订单|单号|身份证|卡号|密码|账号|帐号|验证码|编号|流水|尾号|后[四六]位|序列号|合同号|邮编|户号|端口)[^,。?!]{0,6}[,:]?$"
)
_REPORTED = re.compile(
    "(?:对方|骚扰|陌生|诈骗|骗子|发来|打来|发过来|打过来|有个号码|有一个号码|发的|号码都是|开头)[^。?!]{0,14}$"
)
_REPORTED_AFTER = re.compile("^[^。?!]{0,8}(?:给我打|打给我|打来|发来|给我发|发给我|天天打|骚扰|一直打)")
_WRONG = re.compile("^[^\\d一二三四五六七八九零幺]{0,3}(?:不对|部队|不队|补对|不是|错了|说错|讲错|打错|更正|等一?下)")
_ASKED_FOR_ANOTHER = re.compile(
    "序列号|卡号|单号|编号|身份证|密码|验证码|工号|尾号|账号|户号|端口|卡背|合同|(?:对方|骚扰|诈骗|陌生|发送|来电|发短信|打来|那个|举报|什么|哪个|它的?|他的?|她的?)[^,。?!]{0,6}(?:号码?|电话)"
)
_ACCUSES = re.compile(
    "骚扰|诈骗|骗|垃圾|广告|推销|违法|黄色|色情|下流|赌|押大小|冒充|自称|假冒|发票|办证|迷药|枪|骂人|举报|声讯台|群发|发短信|给我发|打电话来|打来电话|催债|恐吓|威胁"
)
_ANNOUNCEMENT = re.compile("(?:电话|手机|号码|联系)(?:号码?)?(?:是|呢|就是|为)?[,:]?")
ENOUGH = 0.35
"""Confidence from which a number is taken for the contact number."""
_MOSTLY_SURE = 6
_MAX_GAP = 6
_LONGEST_INSTEAD = 8
_MOBILE_DIGITS = 11
_MAX_GROUPS = 11
_MAX_SECONDS_BETWEEN = 20.0


@dataclass(frozen=True, slots=True)
class Group:
    """Digits said in one go in one line. `sure` is the share of them that were written as digits."""

    digits: str
    line: int
    start: int
    end: int
    sure: float


@dataclass(frozen=True, slots=True)
class Row:
    """Groups that were said one after another, and all their digits."""

    digits: str
    parts: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Phone:
    number: str
    confidence: float
    evidence: tuple[Evidence, ...]
    spans: tuple[tuple[int, int, int], ...] = ()
    """(line, start, end) of the number itself, for readers that must not take it for something else."""


def find_phone(lines: Sequence[Line]) -> Phone | None:
    """The likeliest contact number, as digits only, or None."""
    ranked = rank_phones(lines)
    return ranked[0] if ranked and ranked[0].confidence >= ENOUGH else None


def rank_phones(lines: Sequence[Line]) -> tuple[Phone, ...]:
    """All numbers that were said and can exist, the likeliest contact number first."""
    groups = [group for number, line in enumerate(lines) for group in digit_groups(number, line)]
    found = [
        each
        for caller in (True, False)
        for each in _numbers([group for group in groups if lines[group.line].is_caller is caller], lines)
    ]
    by_number: dict[str, list[tuple[Group, ...]]] = {}
    for number, parts in found:
        by_number.setdefault(number, []).append(parts)
    ranked = sorted(
        ((_rank(number, said, lines, by_number), number, said) for number, said in by_number.items()),
        key=lambda entry: (-entry[0], entry[1]),
    )
    return tuple(_as_phone(score, number, said, lines) for score, number, said in ranked)


def _as_phone(score: float, number: str, said: Sequence[tuple[Group, ...]], lines: Sequence[Line]) -> Phone:
    evidence = tuple(lines[part.line].evidence(part.start, part.end) for parts in said[:2] for part in parts)
    spans = tuple((part.line, part.start, part.end) for parts in said for part in parts)
    return Phone(number, max(0.0, min(0.98, score)), tuple(dict.fromkeys(evidence)), spans)


def spoken_digits(lines: Sequence[Line]) -> tuple[tuple[str, Evidence], ...]:
    """Rows of ten digits or more that the caller said, whether or not they are a number that can exist."""
    return tuple(
        (row.digits, lines[part.line].evidence(part.start, part.end))
        for row in digit_rows(lines)
        if len(row.digits) >= _MOBILE_DIGITS - 1
        for part in row.parts[:1]
    )


def digit_rows_in(line: Line, start: int, end: int) -> frozenset[str]:
    """The rows of digits that stand wholly within `line.text[start:end]`."""
    return frozenset(
        row.digits
        for row in digit_rows([replace(line, is_caller=True)])
        if start <= row.parts[0].start and row.parts[-1].end <= end
    )


def can_exist(number: str) -> bool:
    """Whether digits are a telephone number that can be called in this country."""
    return any(pattern.fullmatch(number) for pattern in (MOBILE, _LANDLINE, _LOCAL))


def digit_rows(lines: Sequence[Line]) -> Iterator[Row]:
    """The caller's groups of digits, joined to rows as far as they follow one another."""
    groups = [group for number, line in enumerate(lines) if line.is_caller for group in digit_groups(number, line)]
    held: list[Group] = []
    for group in groups:
        if held and not (len(held) < _MAX_GROUPS and _follows(held[-1], group, lines)):
            yield Row("".join(each.digits for each in held), tuple(held))
            held = []
        held.append(group)
    if held:
        yield Row("".join(each.digits for each in held), tuple(held))


def digit_groups(number: int, line: Line) -> Iterator[Group]:
    """Runs of spoken digits in one line; quantities with units and numbers with 十, 百… are none."""
    text = line.text
    announced = _announced(number, text)
    if announced is not None:
        yield announced
    position = 0
    while position < len(text):
        if announced is not None and announced.start <= position < announced.end:
            position = announced.end
            continue
        group = _group_at(number, text, position)
        if group is None:
            position += 1
            continue
        position = group.end
        ends_in_unit = len(group.digits) < 7 and _UNIT.match(text[group.end :])
        if ends_in_unit or text[group.end : group.end + 1] in tuple(_TENS):
            continue
        if group.start and text[group.start - 1] in _TENS:
            continue
        yield group


def _announced(number: int, text: str) -> Group | None:
    """A mobile number right after its announcement, with most digits heard as such: 我电话以三六一二三四就把其六."""
    for match in _ANNOUNCEMENT.finditer(text):
        digits, sure, position = "", 0, match.end()
        while position < len(text) and len(digits) < _MOBILE_DIGITS:
            heard = _WRITTEN.get(text[position]) or sounding_digit(text[position])
            if heard is not None:
                digits += heard
                sure += text[position] in _WRITTEN
            elif text[position] not in ",":
                break
            position += 1
        followed = position < len(text) and text[position] in _WRITTEN
        if MOBILE.fullmatch(digits) and _MOSTLY_SURE <= sure < _MOBILE_DIGITS and not followed:
            return Group(digits, number, match.end(), position, sure / _MOBILE_DIGITS)
    return None


def written_digit(character: str) -> str | None:
    """The digit that a character is."""
    return _WRITTEN.get(character)


def sounding_digit(character: str) -> str | None:
    """The digit that a Han character sounds like."""
    if not "\u4e00" <= character <= "\u9fff" or character in _TENS:
        return None
    return _LIKE.get(character) or next((_SOUNDS[each] for each in syllables(character) if each in _SOUNDS), None)


def _group_at(number: int, text: str, start: int) -> Group | None:
    digits: list[str] = []
    sure = 0
    position = end = start
    while position < len(text):
        times = _TIMES.match(text, position)
        if times and (
            digits
            or _digit(text, times.end())
            or _DIGITS_BEFORE.search(text[max(0, position - 3) : position])
            or _stands_alone(text, position, times.end())
        ):
            digits.append(_WRITTEN[times[2]] * int(_WRITTEN.get(times[1], "2")))
            sure += len(digits[-1])
            position = end = times.end()
            continue
        character = text[position]
        if character in _WRITTEN:
            digits.append(_WRITTEN[character])
            sure += 1
        elif (heard := _misheard(text, position, sum(map(len, digits)))) is not None:
            digits.append(heard)
        elif digits and character in _SEPARATORS and _digit(text, position + 1):
            position += 1
            continue
        else:
            break
        position += 1
        end = position
    joined = "".join(digits)
    return Group(joined, number, start, end, sure / len(joined)) if joined else None


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a clause is nothing else: …，然后，两个三."""
    return (start == 0 or text[start - 1] in BREAKS) and (end == len(text) or text[end] in BREAKS)


def _digit(text: str, position: int) -> bool:
    return position < len(text) and (text[position] in _WRITTEN or _TIMES.match(text, position) is not None)


def _misheard(text: str, position: int, before_it: int) -> str | None:
    """The digit that the word at `position` sounds like, where the digits around it suggest one.

    `before_it` is how many digits of the group come before.
    """
    heard = sounding_digit(text[position])
    if heard is None:
        return None
    rest = _TIMES.sub(lambda match: match[2] * 2, text[position + 1 : position + 8]).replace(",", "")[:3]
    follow = sum(each in _WRITTEN or _LIKE.get(each) == "1" for each in rest)
    if not before_it:  # only 幺 is lost at the front of a mobile number, and it needs three digits after it
        return heard if heard == "1" and follow == 3 and rest[0] not in "02" else None
    before = text[max(0, position - 2) : position]
    between = follow >= 2 and all(each in _WRITTEN or _LIKE.get(each) == "1" for each in before)
    last_of_eleven = before_it == 10 and not follow
    return heard if between or follow == 3 or last_of_eleven else None


def _numbers(groups: Sequence[Group], lines: Sequence[Line]) -> Iterator[tuple[str, tuple[Group, ...]]]:
    """Numbers that can exist, from one group or from several that follow one another."""
    for first in range(len(groups)):
        digits = ""
        for last in range(first, min(first + _MAX_GROUPS, len(groups))):
            if last > first and not _follows(groups[last - 1], groups[last], lines):
                break
            one, other = groups[max(first, last - 1)], groups[last]
            if last > first and (_puts_right(one, other, lines, len(digits)) or _instead(one, other, lines)):
                digits = digits[: -len(groups[last].digits)] + groups[last].digits
            else:
                digits += groups[last].digits
            number = _possible(digits)
            if number is not None:
                yield number, tuple(groups[first : last + 1])


def _follows(one: Group, other: Group, lines: Sequence[Line]) -> bool:
    """Whether `other` may go on with the number that `one` began."""
    if one.line == other.line:
        between = lines[one.line].text[one.end : other.start]
        if _BETWEEN.fullmatch(between) is not None or _END_PUT_RIGHT.search(between) is not None:
            return True
        of_area = _AREA.fullmatch(one.digits) and _LOCAL.fullmatch(other.digits) and _AREA_BETWEEN.fullmatch(between)
        return bool(of_area) or _instead(one, other, lines)
    if other.line - one.line > 2 or len(one.digits) >= 11:
        return False
    if any(_is_only_one(each, lines[each.line].text) for each in (one, other)):
        return False
    before, after = lines[one.line], lines[other.line]
    if after.turn.start - before.turn.end > _MAX_SECONDS_BETWEEN:
        return False
    return len(before.text) - one.end <= _MAX_GAP and other.start <= _MAX_GAP


def _puts_right(one: Group, other: Group, lines: Sequence[Line], so_far: int) -> bool:
    """Whether `other` replaces the end of the number that `one` ended: 二六幺九，不对，后面是二六九幺."""
    same_line = one.line == other.line and so_far > len(other.digits)
    return same_line and _END_PUT_RIGHT.search(lines[one.line].text[one.end : other.start]) is not None


def _instead(one: Group, other: Group, lines: Sequence[Line]) -> bool:
    """Whether `other` was said for as many of the last digits before it, or for fewer: 六六二幺，不对，六六二七."""
    if one.line != other.line or not 1 < len(other.digits) <= len(one.digits) or len(other.digits) > _LONGEST_INSTEAD:
        return False
    return _PUT_RIGHT.fullmatch(lines[one.line].text[one.end : other.start]) is not None


def _is_only_one(group: Group, text: str) -> bool:
    """Whether a group is a single 一 within words, as in 帮我看一下: it goes on with no number."""
    return len(group.digits) == 1 and text[group.end : group.end + 1] not in ("", *BREAKS)


def _possible(digits: str) -> str | None:
    if digits.startswith("0086"):
        digits = digits[4:]
    elif len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    if can_exist(digits):
        return digits
    return _one_too_many(digits) if len(digits) == _MOBILE_DIGITS + 1 else None


def _one_too_many(digits: str) -> str | None:
    """A mobile number with a digit said before it (是一，一三八…) or one too many in its only run of equal digits."""
    if MOBILE.fullmatch(digits[1:]):
        return digits[1:]
    runs = list(_REPEATED.finditer(digits))
    shorter = digits[: runs[0].start()] + digits[runs[0].start() + 1 :] if len(runs) == 1 else ""
    return shorter if MOBILE.fullmatch(shorter) else None


def _rank(
    number: str, said: list[tuple[Group, ...]], lines: Sequence[Line], others: dict[str, list[tuple[Group, ...]]]
) -> float:
    by_caller = [parts for parts in said if lines[parts[0].line].is_caller]
    base = 0.7 if MOBILE.fullmatch(number) else 0.62 if _LANDLINE.fullmatch(number) else 0.3
    best = max(_said_score(parts, lines) for parts in by_caller or said)
    if not by_caller:
        best -= 0.15
    elif len(by_caller) < len(said):
        best += 0.2  # the seat repeated it
    elif len(by_caller) > 1:
        best += 0.08
    if any(other != number and number in other for other in others):
        best -= 0.4  # a part of a longer number that was said as well
    return base + best


def _wanted(lines: Sequence[Line], number: int) -> int:
    """How many lines before line `number` the seat asked for the number to call back; 0 if it did not."""
    for back in range(1, min(3, number) + 1):
        line = lines[number - back]
        if asks_for_number(line) and not _ASKED_FOR_ANOTHER.search(line.text):
            return back
    return 0


def _asked_for_another(lines: Sequence[Line], number: int) -> bool:
    """Whether the seat's last words before line `number` asked for digits of another kind."""
    asked = next((each for each in reversed(lines[max(0, number - 2) : number]) if not each.is_caller), None)
    return asked is not None and _ASKED_FOR_ANOTHER.search(asked.text) is not None


def _said_score(parts: tuple[Group, ...], lines: Sequence[Line]) -> float:
    first, last = parts[0], parts[-1]
    line = lines[first.line]
    before = line.text[max(0, first.start - 18) : first.start]
    after = lines[last.line].text[last.end :]
    score = 0.0
    wanted = _wanted(lines, first.line)
    if _CONTACT.search(before) or wanted == 1:
        score += 0.15
    elif wanted:
        score += 0.1
    elif line.is_caller and any(_ACCUSES.search(each.text) for each in lines[: first.line + 1] if each.is_caller):
        score -= 0.5
    if line.is_caller and not _CONTACT.search(before) and _asked_for_another(lines, first.line):
        score -= 0.6
    if _OTHER_NUMBER.search(before):
        score -= 0.6
    if _REPORTED.search(before) or _REPORTED_AFTER.match(after):
        score -= 0.5
    if _WRONG.match(after) or _REPLACED.match(after):
        score -= 0.3
    for one, other in pairwise(parts):
        if _instead(one, other, lines) or _puts_right(one, other, lines, _MOBILE_DIGITS):
            score += 0.1
        elif _WRONG.match(lines[one.line].text[one.end :]):
            score -= 0.3
    said = sum(len(part.digits) for part in parts)
    if said == _MOBILE_DIGITS + 1:
        score -= 0.15
    sure = sum(part.sure * len(part.digits) for part in parts) / said
    return score - 0.5 * (1 - sure) - 0.02 * (len(parts) - 1)
