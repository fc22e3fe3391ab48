"""The demo: real SIP callers and seats with rendered Mandarin speech against a whole running system.

In: `cast.yaml` (who calls, what they say) and settings. Out: a table with one line per call and, with `--report`, the
same as JSON. `softphone.py` is a SIP endpoint of its own process; `director.py` tells the story; `report.py` counts.
"""
