"""An agent's one tab for the whole shift: phone, own controls, caller card, registration form, messages.

In: who is logged in and which seat is theirs; `seat_news` from the database. Out: `GET /seat`, whose regions other
folders of the console draw, and `GET /seat/stream`, the one stream that tells them all when to look again.
Nothing on this page ever loads it anew by itself: a telephone that lives in the page would be cut off.
"""
