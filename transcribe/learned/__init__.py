"""What the centre's own confirmed forms taught: a linear model over runs of characters, beside the rules of the draft.

In: a draft that the rules read out of its turns, and the live version of the model. Out: the same draft, where kind,
business, nature or cause come from the model wherever that version was measurably better on forms held back from it
(`cases.classifier` trains and compares). Each such value has as evidence the words that weighed most, with the rules'
own value beside it as the first alternative; where no word weighed, the rules' value stays.

words (what is counted) → model (arrays, no pickle) → apply. `store` keeps the versions; one is live, or none.
"""

from transcribe.learned.apply import apply
from transcribe.learned.model import Model, ModelDamaged
from transcribe.learned.store import live_model

__all__ = ["Model", "ModelDamaged", "apply", "live_model"]
