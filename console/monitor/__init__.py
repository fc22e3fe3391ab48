"""Listening in: who talks now, a button for each way of hearing them, and what one's own telephone is doing (D66)."""
