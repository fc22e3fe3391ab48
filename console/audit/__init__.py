"""The audit trail on screen: its last entries, and a button that checks the whole chain."""
