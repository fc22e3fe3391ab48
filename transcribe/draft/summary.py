"""The draft's facts in one or two Chinese sentences, for the head of an order."""

from __future__ import annotations

from dataclasses import replace

from transcribe.draft.result import BUSINESS_NAMES, KIND_NAMES, NATURE_NAMES, DraftResult, Kind

_ASKED = {Kind.COMPLAINT: "要求", Kind.SUGGESTION: "建议", Kind.ENQUIRY: "咨询", Kind.REPORT: "要求"}


def summarise(draft: DraftResult) -> DraftResult:
    """The draft with its summary, made of its own fields and nothing else."""
    subject = BUSINESS_NAMES[draft.business] + (f"·{NATURE_NAMES[draft.nature]}" if draft.nature else "")
    first = f"客户{KIND_NAMES[draft.kind]}（{subject}）"
    if draft.what_happened:
        first += f"：{draft.what_happened}"
    facts = []
    if draft.request and draft.request not in (draft.what_happened or ""):
        facts.append(f"{_ASKED[draft.kind]}：{draft.request}")
    if draft.amount:
        facts.append(f"涉及金额{draft.amount}元")
    if draft.phone:
        facts.append(f"联系电话{draft.phone}")
    if draft.urgent:
        facts.append("加急")
    second = "；".join(facts)
    return replace(draft, summary=f"{first}。{second}。" if second else f"{first}。")
