"""What people see: the live floor, the clerk's drafts, the inspector's samples, orders, the audit trail.

In: HTTP requests of people who logged in by role. Out: pages (Chinese first, English beside it) and one stream of
server-sent events per viewer. Decides nothing: every action calls a room's function inside one transaction.

`app.py` names every route; `access.py` is the one gate in front of them; a folder per feature holds its handlers and
its templates side by side.
"""
