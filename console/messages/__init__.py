"""Messages of the shift leader to seats (D81) and notices that agents confirm (D8): both sides of each.

The leader's pages are `/messages` and `/notices`; an agent meets both in `region.html`, which the seat page includes
and which looks again whenever the seat's stream says `message` or `notice`.
"""
