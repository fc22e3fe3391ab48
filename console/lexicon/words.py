"""Catalogue keys of the lexicon's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from console.errors import N_

KINDS: Final[Mapping[str, str]] = {
    "product": N_("product"),
    "tariff": N_("tariff, plan"),
    "shop": N_("shop"),
    "street": N_("street, estate"),
    "other": N_("word of the trade"),
}
STATES: Final[Mapping[str, str]] = {
    "draft": N_("draft"),
    "measured": N_("measured"),
    "live": N_("in use"),
    "past": N_("was live"),
    "rolled_back": N_("rolled back"),
    "given_up": N_("given up"),
}
FAULTS: Final[Mapping[str, str]] = {
    "word": N_("A word has 2 to 20 Chinese characters, letters or digits."),
    "kind": N_("The kind is one of product, tariff, shop, street, other."),
    "pinyin": N_("Write one syllable without tone for each character, apart by spaces."),
    "weight": N_("The weight is a number from 0 to 5."),
    "note": N_("A note has up to 200 characters and begins with none of = + - @."),
    "twice": N_("This word stands in the table twice."),
    "header": N_("The first line must name the columns word and kind."),
    "too_many": N_("A lexicon has up to 5000 words."),
}
PROBLEMS: Final[Mapping[str, str]] = {
    "lexicon_version_missing": N_("There is no such version."),
    "lexicon_not_open": N_("This version is not changed any more. Begin a new one."),
    "lexicon_already_open": N_("A version is being worked on already. Finish it or give it up first."),
    "lexicon_not_measured": N_(
        "No measurement since the last change speaks for this version. Measure it, or say why it goes live."
    ),
    "lexicon_nothing_before": N_("No version is live; there is nothing to go back from."),
    "lexicon_proposal_decided": N_("Somebody has decided this proposal already."),
    "suggestion_gone": N_("This suggestion is not made any more. Load the page anew."),
    "reference_wrong": N_("This does not fit the transcript any more, or a turn is too long. Load the page anew."),
}
