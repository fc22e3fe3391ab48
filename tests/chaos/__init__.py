"""Faults on a real Asterisk under traffic, and what must hold: `make chaos` prints a table of fault × invariant."""
