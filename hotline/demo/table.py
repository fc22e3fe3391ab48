"""The demo's closing table: one line per call."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.table import Table

from hotline.demo.facts import CallFacts, RunFacts

SERVICES = {"complaint": "投诉", "suggestion": "建议", "standards": "标准查询", "report": "举报"}
OUTCOMES = {"answered": "已接听", "voicemail": "留言", "callback": "回拨", "abandoned": "放弃", "fallback": "备用队列"}
KINDS = {"complaint": "投诉", "suggestion": "建议", "enquiry": "咨询", "report": "举报"}
BUSINESSES = {
    "fixed_line": "固定电话",
    "mobile": "移动",
    "data": "宽带",
    "payphone": "公话",
    "phone_card": "电话卡",
    "information": "信息",
    "other": "其他",
}
NATURES = {
    "tariff": "资费",
    "service_quality": "服务质量",
    "communication_quality": "通信质量",
    "install_move": "装移机",
    "fault_repair": "障碍修复",
    "work_error": "工作差错",
    "product_quality": "产品质量",
    "other": "其他",
}
COLUMNS = (
    "主叫\ncaller",
    "业务\nservice",
    "等待\nwaited",
    "座席\nseat",
    "振铃\nrings",
    "结果\noutcome",
    "录音\nseconds",
)
LATER = ("左/右\ndBFS", "开头\nfirst words", "草稿\ndraft", "抽检\nQA")


def call_table(facts: RunFacts, sampled: Mapping[str, bool]) -> Table:
    table = Table(title="本次来电 · calls of this run", show_lines=False)
    for column in COLUMNS + LATER:
        table.add_column(column, no_wrap=column not in LATER[1:3])
    for fact in facts.calls:
        table.add_row(*_row(fact, sampled.get(fact.call.uid, False)))
    return table


def _row(fact: CallFacts, sampled: bool) -> tuple[str, ...]:
    call, recording, draft = fact.call, fact.recording, fact.draft
    first_words = (
        next((turn.text for turn in fact.transcript.turns if turn.speaker == "caller"), "") if fact.transcript else ""
    )
    classified = ""
    if draft is not None:
        classified = "/".join(
            [KINDS[draft.kind], BUSINESSES[draft.business], NATURES[draft.nature] if draft.nature else "—"]
        )
    return (
        call.caller,
        SERVICES.get(call.service or "", "—"),
        "—" if call.waited_seconds is None else f"{call.waited_seconds:.1f}",
        call.seat or "—",
        str(call.ring_attempts),
        OUTCOMES.get(call.outcome or "", "—"),
        "无" if recording is None else f"{recording.seconds:.1f}",
        "—" if recording is None else f"{_decibels(recording.caller_rms)}/{_decibels(recording.seat_rms)}",
        first_words[:16],
        classified,
        "是" if sampled else "",
    )


def _decibels(level: float) -> str:
    return f"{20 * math.log10(level):.0f}" if level > 0 else "-∞"
