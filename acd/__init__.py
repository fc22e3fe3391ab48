"""Automatic call distribution: the AMI link, seats, waiting callers, claims, the controller.

In: events of Asterisk (a caller queued, a seat answered, a channel gone) and what agents press (ready, break).
Out: one `Redirect` per claimed seat, a row per call with its time line, a breach row for every wait over 15 s (D9),
and the job that finalises the recording of each ended call.

The story reads in `controller.py`. `assign.py`, `seats.py`, `calls.py`, `promise.py` and `resume.py` decide and touch
nothing; the rest acts. Rooms above read `ledger.py` and `floor.py`; agents' keys are in `desk.py`, what they ask for
during a call is in `commands.py` and carried out in `oncall/`.
"""
