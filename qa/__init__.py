"""Quality inspection: what is sampled, and how it is scored.

In: the calls of a day with business type and seat. Out: a draw of 5 % of each business type, rounded up (D64), that
anybody can draw again from its seed; who is still short of two calls a week (D65); score cards (D67, D68, D115).
"""
