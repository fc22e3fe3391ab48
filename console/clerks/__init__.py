"""Timeliness and accuracy of entry by person and week (D30, D70), and an inspector's look at single entries."""
