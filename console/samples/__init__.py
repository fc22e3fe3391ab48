"""The inspector's desk: a day's draw with its seed (D64), the weekly quota per seat (D65), replay and score card."""
