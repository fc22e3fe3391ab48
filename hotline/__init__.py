"""The application around the rooms: settings, database, jobs, log, clock, security, command line.

In: a settings file and the environment. Out: running processes (controller, worker, web) and the `hotline` command.
The modules directly in this package know no room; `hotline.commands` and `hotline.processes` are the composition
root and import all of them (`hotline.cli` is the entry).
"""
