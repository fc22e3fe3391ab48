"""The live floor: callers waiting against the 15 seconds of D9, seats and what they do, today's figures.

One LISTEN on the database feeds every viewer (`stream.py`); agents press ready, break and log out here.
"""
