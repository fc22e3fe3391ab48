"""Speech to draft: regions, speakers, recognisers, turns, extraction.

In: a recording of one or two channels. Out: turns of verbatim text with speaker and seconds, and a draft whose every
field points at the seconds it came from and carries a confidence (D28); a person confirms it in `cases`.

regions → recogniser → turns → normalise → extract, one module each.
"""
