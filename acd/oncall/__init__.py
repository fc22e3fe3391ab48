"""Carrying out what agents ask for during calls.

In: a command (`acd.commands`), the floor, and the channels that Asterisk has at this moment. Out: AMI actions, claims
of the seats that are to ring, and the command's outcome. `decide.py` says what a command takes and touches nothing;
`carry.py` does it; `wishes.py` says where a caller who was handed on belongs.
"""
