"""Learned models beside the rules: how each version stood on held-back forms, which words weigh, live and back."""
