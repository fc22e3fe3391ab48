"""The draft on many dialogues: as written, and as poor recognisers hear them."""

from __future__ import annotations

import pytest

from tests.transcribe.conftest import speech_folder
from tests.transcribe.draft.draft_evaluation import FIELDS, accuracy, corrupt, load
from transcribe.draft import Business, extract
from transcribe.turns import Turn

CLEAN = {"kind": 0.97, "business": 0.96, "nature": 0.92, "phone": 0.97, "amount": 0.95, "urgent": 0.96, "ask": 0.93}
MISHEARD = {"kind": 0.95, "business": 0.9, "nature": 0.88, "phone": 0.94, "amount": 0.92, "urgent": 0.92, "ask": 0.8}


@pytest.mark.parametrize("name", ["cases.yaml", "holdout.yaml", "second.yaml", "third.yaml"])
def test_fields_are_right_on_clean_dialogues(name: str) -> None:
    found = accuracy(load(name))
    short = {field: found[field] for field in FIELDS if field in found and found[field] < CLEAN[field] - slack(name)}
    assert not short


@pytest.mark.parametrize("name", ["cases.yaml", "holdout.yaml", "second.yaml", "third.yaml"])
def test_fields_survive_a_tenth_of_misheard_characters(name: str) -> None:
    found = accuracy([corrupt(case, seed) for seed in (1, 2) for case in load(name)])
    short = {field: found[field] for field in FIELDS if field in found and found[field] < MISHEARD[field] - slack(name)}
    assert not short


def test_further_fields_are_right_on_dialogues_written_for_them() -> None:
    found = accuracy(load("fourth.yaml"))
    wanted = {
        "kind": 0.95, "business": 0.85, "nature": 0.85, "phone": 0.95, "amount": 0.9, "category": 0.9, "report": 0.75,
        "reported": 0.95, "cause": 0.85, "cause_detail": 0.9, "tags": 0.7, "outcome": 0.9, "consent": 0.95,
        "days": 0.95, "promised": 0.95, "shop": 0.95, "place": 0.95, "number_check": 0.95, "key_account": 0.95,
    }  # fmt: skip
    assert not {field: found[field] for field in wanted if found[field] < wanted[field]}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (
            "fifth.yaml",
            {"kind": 0.98, "business": 0.97, "nature": 0.98, "cause": 0.86, "cause_detail": 0.97, "tags": 0.97,
             "outcome": 0.98, "category": 0.97, "report": 0.97, "urgent": 0.95, "key_account": 0.95},
        ),
        (
            "sixth.yaml",
            {"kind": 0.95, "business": 0.94, "nature": 0.91, "cause": 0.88, "cause_detail": 0.9, "tags": 0.92,
             "outcome": 0.89, "category": 0.96, "report": 0.94, "urgent": 0.95, "key_account": 0.94,
             "phone": 0.98, "reported": 0.95, "amount": 0.94, "consent": 0.96, "promised": 0.9, "shop": 0.96,
             "place": 0.95, "days": 0.95},
        ),
        (
            "seventh.yaml",
            {"kind": 0.97, "business": 0.96, "nature": 0.97, "phone": 0.98, "amount": 0.92, "cause": 0.88,
             "cause_detail": 0.97, "tags": 0.95, "outcome": 0.97, "category": 0.97, "report": 0.97, "urgent": 0.97,
             "consent": 0.97, "key_account": 0.96, "promised": 0.97, "shop": 0.97, "place": 0.95},
        ),
    ],
)  # fmt: skip
def test_judgements_are_right_on_dialogues_by_other_writers(name: str, wanted: dict[str, float]) -> None:
    """The first and the last of them are tuned on, the second was never looked at."""
    found = accuracy(load(name))
    assert not {field: found[field] for field in wanted if found[field] < wanted[field]}


def test_fields_survive_what_a_real_recogniser_heard() -> None:
    found = accuracy(load("heard.yaml"))
    wanted = {"kind": 0.95, "business": 0.88, "nature": 0.88, "phone": 0.8, "amount": 0.93, "urgent": 0.93}
    assert not {field: found[field] for field in wanted if found[field] < wanted[field]}


def slack(name: str) -> float:
    """One wrong case of twenty is five per cent: small sets are judged that much more gently."""
    return 0.0 if name == "cases.yaml" else 0.05


def test_corrupter_slips_alike_for_the_same_seed_and_differently_for_another() -> None:
    case = load("holdout.yaml")[0]
    assert corrupt(case, 1) == corrupt(case, 1) != corrupt(case, 2)


def test_sentences_about_other_things_name_no_business() -> None:
    """Read sentences of a news and search corpus: next to none is about telecoms."""
    table = speech_folder("aishell-50") / "transcript.tsv"
    texts = [line.split("\t")[1] for line in table.read_text("utf-8").splitlines() if "\t" in line]
    assert len(texts) > 40
    named = [text for text in texts if extract([Turn("caller", 0, 5, text)]).business is not Business.OTHER]
    assert len(named) <= len(texts) * 0.06, named
