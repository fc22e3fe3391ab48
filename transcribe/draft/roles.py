"""Who speaks: whose words count as the caller's.

On two channels the channel says it. On one channel the speakers are only told apart (or not even that), so the one who
talks like a seat (您好，请问有什么可以帮您) is taken for the seat; with no such speaker everybody counts as the caller.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from transcribe.draft.normalise import Line
from transcribe.turns import CALLER, SEAT

SEAT_PHRASES = re.compile(
    "您好[^。?!]{0,12}(?:为您服务|请讲|请问|客服|热线)|请问(?:您)?(?:有|需要|还有)?(?:什么|其他|其它|别的)[^。?!]{0,6}(?:帮|服务|问题|需要)"
    "|(?:可以|能)帮(?:到|助)?您|为您(?:服务|登记|查询|处理|加急|安排|核实|记录|取消|转接)|请(?:您)?稍(?:等|候|后)"
    "|感谢您的?(?:来电|建议|反馈|宝贵|耐心|支持)|请问您?的?(?:联系|电话|手机|号码|贵姓|姓名|地址|怎么称呼|是哪)"
    "|您的?(?:联系)?(?:电话|号码|手机|联系方式|地址|姓名)(?:号码)?(?:是|多少|方便|报)?|您贵姓|给您(?:添麻烦|带来|登记|查|加急|回复|反馈|办)"
    "|我(?:帮|给|为|替)您|(?:非常|很|十分)?(?:抱歉|对不起)|您(?:反映|反应|说)的|留(?:一)?(?:个|下)?您?的?(?:手机|联系|电话)"
    "|祝您|很高兴为您|请您?(?:提供|报|留|留下|说)|工作人员会|会尽快(?:与|跟|给)您|是(?:这个|您本人)|您看"
)
_CALLER_PHRASES = re.compile(
    "我(?:要|想)(?:投诉|举报|咨询|问|反映|提|了解)|你们|我(?:们)?家|我的|给我|帮我|退给我|我(?:这|那)(?:里|边)|我这个|我打了|我在"
)
_ASKS_FOR_NUMBER = re.compile("(?:电话|手机|号码|联系方式|联系您|怎么联系|联系)")


def mark_callers(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Lines with `is_caller` set."""
    speakers = {line.turn.speaker for line in lines}
    seat = {SEAT} if CALLER in speakers else _seat_among(lines, speakers)
    return tuple(replace(line, is_caller=line.turn.speaker not in seat) for line in lines)


def asks_for_number(line: Line) -> bool:
    """Whether this line asks for a telephone number."""
    return not line.is_caller and _ASKS_FOR_NUMBER.search(line.text) is not None


def seat_scores(lines: Sequence[Line]) -> dict[str, float]:
    """How far each speaker talks like a seat: its phrases less those of a caller."""
    scores: dict[str, float] = defaultdict(float)
    for line in lines:
        scores[line.turn.speaker] += len(SEAT_PHRASES.findall(line.text)) - len(_CALLER_PHRASES.findall(line.text))
    return dict(scores)


def _seat_among(lines: Sequence[Line], speakers: set[str]) -> set[str]:
    if len(speakers) < 2:
        return set()
    scores = seat_scores(lines)
    likeliest = max(sorted(scores), key=lambda speaker: scores[speaker])
    others = max(score for speaker, score in scores.items() if speaker != likeliest)
    return {likeliest} if scores[likeliest] > 0 and scores[likeliest] > others else set()
