"""The codes that a draft's fields take, with their names on screen."""

from __future__ import annotations

from enum import StrEnum


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


class Category(StrEnum):
    """What a suggestion is about (D6)."""

    OPERATION_SERVICE = "operation_service"
    NEW_BUSINESS = "new_business"


class Report(StrEnum):
    """What bad information 不良信息 is reported (D93)."""

    FRAUD = "fraud"
    PORNOGRAPHY = "pornography"
    GAMBLING = "gambling"
    SPAM = "spam"
    HARASSMENT = "harassment"
    ILLEGAL = "illegal"


class Cause(StrEnum):
    """Where the trouble has its root (D89)."""

    TARIFF = "tariff"
    """What is charged and how it is shown: wrong, unexplained or disputed charges, usage nobody had, unclear bills."""
    MARKETING = "marketing"
    """How it is sold: promises of promotions, terms not told, services added without being asked for, bundles."""
    FULFILMENT = "fulfilment"
    """What was agreed is not done, late or badly: appointments, installation, overdue repair, conduct, slips."""
    TECHNICAL = "technical"
    """Network, line, coverage or device does not work."""
    PARTNER = "partner"
    """A partner's shop, an agent or a contracted outlet did it."""
    INFORMATION_CONTENT = "information_content"
    """What is sent or said over the network: fraud, obscenity, spam."""
    COMPLAINT_HANDLING = "complaint_handling"
    """An earlier complaint was left unanswered, passed on in circles or closed without being solved."""


class CauseDetail(StrEnum):
    """The recurring causes that are counted apart (D101)."""

    VOICE_INFORMATION_CHARGE = "voice_information_charge"
    """Voice-information calls (168) and game coins charged to a telephone line."""
    DATA_ON_BY_DEFAULT = "data_on_by_default"
    """Mobile data that was switched on by itself, or goes on costing after it was switched off."""
    CHANNEL_SUBSCRIPTION = "channel_subscription"
    """A content channel of the broadband line or the television, subscribed by mistake or not at all."""
    APPOINTMENT_MISSED = "appointment_missed"
    """The time agreed for installing or moving was missed or changed at will."""
    NUMBER_CHOICE = "number_choice"
    """Too few numbers to choose from, or numbers tied to conditions."""
    PARTNER_ERROR = "partner_error"
    """A partner's shop took the order down wrongly."""
    PLAN_EXPLAINED_BADLY = "plan_explained_badly"
    """The plan turned out other than it was explained or promoted."""
    BILL_UNCLEAR = "bill_unclear"
    """Bill or invoice cannot be understood."""
    PLAN_ROLLED_OVER = "plan_rolled_over"
    """A plan that ended went on at another tariff, or was renewed, by itself."""
    FORCED_VALUE_ADDED = "forced_value_added"
    """A value-added service was added or bundled without being asked for."""
    TERMINAL_SUBSIDY = "terminal_subsidy"
    """No or too small a subsidy for a device at renewal."""
    SIM_REPLACEMENT_FEE = "sim_replacement_fee"
    """A customer of years has to pay for a new SIM."""
    VIP_NOT_DIFFERENT = "vip_not_different"
    """A customer of high standing is served like any other."""


class Tag(StrEnum):
    """Problems that are watched across cases; one call may show several (D147)."""

    MISLEADING_PROMOTION = "misleading_promotion"
    """Was told one thing to sell it and got another."""
    AGENT_CHANNEL = "agent_channel"
    """An agent, partner shop or salesman outside the house is to blame."""
    CHARGE_LEAKAGE = "charge_leakage"
    """Money runs off without anything having been used or ordered."""
    IRREGULAR_HANDLING = "irregular_handling"
    """Business was done without the customer's agreement or papers, or against the house's own rules."""


class Outcome(StrEnum):
    """What the talk ended with, as far as it can be heard: a hint for the outcome code of the case (D127)."""

    SOLVED = "solved"
    """Done during the call: switched off, refunded, put right."""
    ANSWERED = "answered"
    """A question was answered, or a charge explained and accepted."""
    RECORDED = "recorded"
    """A suggestion or a report was taken down to be passed on."""
    DISPATCHED = "dispatched"
    """Somebody else will come, check or call back."""
    ESCALATED = "escalated"
    """Handed to a senior, a shift leader or the manager hotline."""
    WITHDRAWN = "withdrawn"
    """The caller takes it back."""
    NOT_ACCEPTED = "not_accepted"
    """The caller rejects the answer."""
    EXCESSIVE_CLAIM = "excessive_claim"
    """The caller asks for what no rule grants, and is told so."""


class Consent(StrEnum):
    """The caller's answer to a question for consent (D123)."""

    GIVEN = "given"
    REFUSED = "refused"


class NumberCheck(StrEnum):
    """The contact number against the number that called."""

    SAME = "same"
    DIFFERENT = "different"


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
CATEGORY_NAMES = {Category.OPERATION_SERVICE: "经营服务", Category.NEW_BUSINESS: "新业务"}
REPORT_NAMES = {
    Report.FRAUD: "诈骗",
    Report.PORNOGRAPHY: "淫秽色情",
    Report.GAMBLING: "赌博",
    Report.SPAM: "垃圾信息",
    Report.HARASSMENT: "骚扰电话",
    Report.ILLEGAL: "其他违法信息",
}
CAUSE_NAMES = {
    Cause.TARIFF: "收费资费",
    Cause.MARKETING: "营销宣传",
    Cause.FULFILMENT: "服务履约",
    Cause.TECHNICAL: "网络技术",
    Cause.PARTNER: "合作渠道",
    Cause.INFORMATION_CONTENT: "信息内容",
    Cause.COMPLAINT_HANDLING: "投诉处理",
}
CAUSE_DETAIL_NAMES = {
    CauseDetail.VOICE_INFORMATION_CHARGE: "声讯及Q币费用",
    CauseDetail.DATA_ON_BY_DEFAULT: "默认开通上网",
    CauseDetail.CHANNEL_SUBSCRIPTION: "频道订制",
    CauseDetail.APPOINTMENT_MISSED: "失约或改约",
    CauseDetail.NUMBER_CHOICE: "选号余地小",
    CauseDetail.PARTNER_ERROR: "合作厅受理差错",
    CauseDetail.PLAN_EXPLAINED_BADLY: "套餐解释不清",
    CauseDetail.BILL_UNCLEAR: "账单不明晰",
    CauseDetail.PLAN_ROLLED_OVER: "到期自动转资费",
    CauseDetail.FORCED_VALUE_ADDED: "捆绑增值业务",
    CauseDetail.TERMINAL_SUBSIDY: "续约终端补贴",
    CauseDetail.SIM_REPLACEMENT_FEE: "老客户补卡收费",
    CauseDetail.VIP_NOT_DIFFERENT: "高端服务无差异",
}
TAG_NAMES = {
    Tag.MISLEADING_PROMOTION: "宣传不实",
    Tag.AGENT_CHANNEL: "代理渠道管控",
    Tag.CHARGE_LEAKAGE: "吸费扣费",
    Tag.IRREGULAR_HANDLING: "办理不规范",
}
OUTCOME_NAMES = {
    Outcome.SOLVED: "现场解决",
    Outcome.ANSWERED: "已答复",
    Outcome.RECORDED: "已记录",
    Outcome.DISPATCHED: "已派单",
    Outcome.ESCALATED: "已转上级",
    Outcome.WITHDRAWN: "客户撤回",
    Outcome.NOT_ACCEPTED: "客户不接受",
    Outcome.EXCESSIVE_CLAIM: "过度索赔",
}
CONSENT_NAMES = {Consent.GIVEN: "同意", Consent.REFUSED: "不同意"}
NUMBER_CHECK_NAMES = {NumberCheck.SAME: "与来电号码一致", NumberCheck.DIFFERENT: "与来电号码不同"}
