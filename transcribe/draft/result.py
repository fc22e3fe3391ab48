"""What the draft holds: the fields, the evidence of each and how far each can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    ENQUIRY = "enquiry"
    REPORT = "report"


class Business(StrEnum):
    """Business type 业务 (D4)."""

    FIXED_LINE = "fixed_line"
    MOBILE = "mobile"
    DATA = "data"
    PAYPHONE = "payphone"
    PHONE_CARD = "phone_card"
    INFORMATION = "information"
    OTHER = "other"


class Nature(StrEnum):
    """Nature 性质 (D5)."""

    TARIFF = "tariff"
    SERVICE_QUALITY = "service_quality"
    COMMUNICATION_QUALITY = "communication_quality"
    INSTALL_MOVE = "install_move"
    FAULT_REPAIR = "fault_repair"
    WORK_ERROR = "work_error"
    PRODUCT_QUALITY = "product_quality"
    OTHER = "other"


KIND_NAMES = {Kind.COMPLAINT: "投诉", Kind.SUGGESTION: "建议", Kind.ENQUIRY: "咨询", Kind.REPORT: "举报"}
BUSINESS_NAMES = {
    Business.FIXED_LINE: "固定电话",
    Business.MOBILE: "移动",
    Business.DATA: "宽带",
    Business.PAYPHONE: "公话",
    Business.PHONE_CARD: "电话卡",
    Business.INFORMATION: "信息",
    Business.OTHER: "其他",
}
NATURE_NAMES = {
    Nature.TARIFF: "资费",
    Nature.SERVICE_QUALITY: "服务质量",
    Nature.COMMUNICATION_QUALITY: "通信质量",
    Nature.INSTALL_MOVE: "装移机",
    Nature.FAULT_REPAIR: "障碍修复",
    Nature.WORK_ERROR: "工作差错",
    Nature.PRODUCT_QUALITY: "产品质量",
    Nature.OTHER: "其他",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A verbatim stretch of one turn and the seconds in which it was said."""

    start: float
    end: float
    text: str

    def to_json(self) -> dict[str, Any]:
        return {"start": round(self.start, 2), "end": round(self.end, 2), "text": self.text}


@dataclass(frozen=True, slots=True)
class DraftResult:
    """A draft as a clerk confirms or corrects it (D28).

    `phone` is digits only. `amount` is the sum in dispute in yuan as a plain decimal, "30" or "30.50". `dates` and
    `place` are the caller's own words. `confidence` has every field but `summary`, which only puts the others into
    sentences; a field that was not found is None (or empty) and its confidence says how sure that absence is not: 0.
    """

    kind: Kind
    business: Business
    nature: Nature | None
    phone: str | None
    amount: str | None
    urgent: bool
    request: str | None
    summary: str
    dates: tuple[str, ...] = ()
    place: str | None = None
    what_happened: str | None = None
    evidence: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    confidence: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The `draft` object of `hotline transcribe --json`."""
        return {
            "kind": self.kind.value,
            "business": self.business.value,
            "nature": self.nature.value if self.nature else None,
            "phone": self.phone,
            "amount": self.amount,
            "urgent": self.urgent,
            "request": self.request,
            "summary": self.summary,
            "dates": list(self.dates),
            "place": self.place,
            "what_happened": self.what_happened,
            "evidence": {name: [each.to_json() for each in found] for name, found in self.evidence.items()},
            "confidence": {name: round(value, 2) for name, value in self.confidence.items()},
        }
