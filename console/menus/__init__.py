"""What callers can choose, in versions: written here, checked, seen as a drawing, applied, taken back."""
