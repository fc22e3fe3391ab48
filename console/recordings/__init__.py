"""Recordings looked up by time, number, seat, outcome, words or card number; and the page of one call."""
