"""A language model that may propose what the rules did not find; off unless an address is set.

In: the rules' draft and the turns, with the digits of cards and passwords covered. Out: the same draft, some of its
empty or unsure fields filled and more alternatives, each from a quotation that stands in the turns word for word.

wire (what is asked, how) → client (HTTP, bounded in time and size) → proposals (what a hostile answer may hold)
     → justify (the rule of evidence, field by field) → merge, in `improve`. Whatever fails, the rules' draft stands.
"""

from transcribe.llm.improve import improve

__all__ = ["improve"]
