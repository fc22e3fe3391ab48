"""How long recordings are kept, decided purely: a held one is never due, and the longest limit that applies counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.retention import DEFAULT_DAYS, Class, Facts, UnknownClass, classes, decide, table
from tests.recordings.sounds import NOW

KINDS = st.sampled_from([None, "complaint", "suggestion", "enquiry", "report", "other"])
FACTS = st.builds(
    Facts,
    started_at=st.integers(0, 5000).map(lambda days: NOW - timedelta(days=days)),
    direction=st.sampled_from([None, "in", "out", "consult"]),
    outcome=st.sampled_from([None, "answered", "abandoned", "voicemail", "fallback", "callback"]),
    customer_class=st.sampled_from(["ordinary", "important", "leased_line", "key_account", "unheard_of"]),
    kind=KINDS,
    business=st.sampled_from([None, "broadband", "mobile"]),
    voice=st.booleans(),
    held=st.lists(st.sampled_from(["case TS1", "sample 2", "manual x"]), max_size=2).map(tuple),
    released_at=st.none() | st.integers(0, 5000).map(lambda days: NOW - timedelta(days=days)),
)
DAYS = st.dictionaries(st.sampled_from([*(each.value for each in Class), "business_broadband"]), st.integers(1, 4000))


@given(FACTS, DAYS)
def test_what_is_held_is_never_due_and_what_is_due_has_outlived_every_limit(
    facts: Facts, configured: dict[str, int]
) -> None:
    days = table(configured)
    decision = decide(facts, days, NOW)
    begins = max(facts.started_at, facts.released_at or facts.started_at)
    limits = [days[name] for name in classes(facts) if name in days]
    assert limits
    assert decision.until == begins + timedelta(days=max(limits))
    assert decision.due == (not facts.held and NOW - begins >= timedelta(days=max(limits)))
    assert decision.rule == f"{decision.retention_class}: {max(limits)} days"


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (Facts(NOW), Class.ORDINARY),
        (Facts(NOW, outcome="abandoned"), Class.ABANDONED),
        (Facts(NOW, outcome="voicemail"), Class.VOICEMAIL),
        (Facts(NOW, direction="out", outcome="answered"), Class.OUTGOING),
        (Facts(NOW, direction="consult"), Class.CONSULT),
        (Facts(NOW, kind="complaint"), Class.COMPLAINT),
        (Facts(NOW, outcome="abandoned", customer_class="key_account"), Class.KEY_ACCOUNT),
        (Facts(NOW, voice=True, customer_class="key_account"), Class.SUPERVISOR),
        (Facts(NOW, kind="enquiry", customer_class="leased_line"), Class.LEASED_LINE),
    ],
)
def test_the_class_that_keeps_it_longest_is_named(facts: Facts, wanted: Class) -> None:
    assert decide(facts, DEFAULT_DAYS, NOW).retention_class == wanted.value


def test_a_business_has_a_class_where_the_settings_name_it() -> None:
    facts = Facts(NOW, kind="enquiry", business="broadband")
    assert decide(facts, table({}), NOW).retention_class in ("enquiry", "ordinary")
    assert decide(facts, table({"business_broadband": 2000}), NOW).rule == "business_broadband: 2000 days"


def test_a_class_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(UnknownClass, match="complaints"):
        table({"complaints": 3})
