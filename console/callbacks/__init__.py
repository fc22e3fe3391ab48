"""Call-backs for the shift leader: who waits to be called, in which place, what was tried, what is in the way."""
