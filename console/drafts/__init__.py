"""The recording clerk's desk: drafts by their due clocks, and one draft with player, turns and evidence (D28).

Confirm or correct makes an order (`cases`); discard says why none is made.
"""
