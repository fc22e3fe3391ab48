"""Shifts as a simple table: a week to enter, copy and import, a day that says who was late (D81, D82)."""
