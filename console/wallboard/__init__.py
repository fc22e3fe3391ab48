"""The wallboard: the floor for people five metres away, with alarms.

`wall.py` reads, `alarms.py` judges and `curve.py` draws, both purely; the hub of `console.floor.stream` renders it once
per change for everybody. Nothing personal is on it.
"""
