"""Interactive voice response: menus as data, rendered to the dialplan; prompts; the dialplan contract with `acd`.

In: a menu file (YAML) and settings. Out: Asterisk configuration in which a caller is greeted, sorted and held, and
is never stranded: a caller whose controller is gone goes to the fallback queue, then to the message box.
"""
