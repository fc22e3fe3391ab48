"""What callers thought of their talks: averages by seat, the latest marks (D47, D51, D134)."""
