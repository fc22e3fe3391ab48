"""Seats as the shift leader staffs them: level, skills, customers, and redeployment for a while (D81)."""
