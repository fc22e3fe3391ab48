"""The list of complaint and suggestion orders with their clocks (D86)."""
