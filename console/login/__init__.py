"""Log in by role, log out, choose the language of the labels."""
