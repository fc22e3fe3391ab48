"""The normalised copy: numbers as one writes them, beside verbatim text that is never changed.

In: the verbatim text of a turn. Out: pieces, each with the characters it stands for and how they are written
(一三九零零… → 139 0012 3456, 三十五块五 → 35.50元, 三月十五号 → 3月15日), and the copy that they make.

`grammar` finds and writes, `numerals` says what a well-formed numeral is, `copies` joins pieces and text.
"""

from transcribe.normal.copies import Part, Piece, kept_pieces, parts, pieces_of, pieces_of_turns, read_back, written

__all__ = ["Part", "Piece", "kept_pieces", "parts", "pieces_of", "pieces_of_turns", "read_back", "written"]
