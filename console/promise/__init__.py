"""How the fifteen seconds of D9 were kept: a day's figures, its hours drawn, and who waited too long and why."""
