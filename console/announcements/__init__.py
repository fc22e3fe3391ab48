"""Announcements switched on and off for callers (D122), and the days that the centre works."""
