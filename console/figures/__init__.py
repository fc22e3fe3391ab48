"""How well calls are recognised and drafts filled in, by engine and week; and the references that this rests on."""
