"""The centre's own words: products, shops, streets, tariffs; kept in versions, measured before they go live.

In: words that data managers keep and clerks propose. Out: `active_words`, which recognisers take as hints and drafts
as names, and suggestions of a word that was misheard (财灵 → 彩铃), shown beside the verbatim text, never in its place.

`versions` tells how a lexicon goes live and back; `table` reads and writes its words as CSV; `repair` suggests;
`effect` measures a version on stored samples against what is live.
"""

from transcribe.lexicon.words import LexiconWord, WordKind, active_words

__all__ = ["LexiconWord", "WordKind", "active_words"]
