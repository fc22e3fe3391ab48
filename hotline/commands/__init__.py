"""The commands of `hotline`, one module each; a module is imported only when its command is called.

A module exposes `app` (a typer application) or `command` (one function). To add a command, add its line below.
"""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    module: str
    help: str


COMMANDS: dict[str, Command] = {
    "demo": Command("hotline.commands.demo", "Run the whole system with callers and seats, and show what came of it."),
    "up": Command("hotline.commands.up", "Start database, Asterisk, controller, worker and console on this machine."),
    "down": Command("hotline.commands.down", "Stop what `hotline up` started."),
    "drain": Command("hotline.commands.drain", "Take this node out of service without cutting a call."),
    "doctor": Command("hotline.commands.doctor", "Say what is there, what is missing, and what mends it."),
    "run": Command("hotline.commands.run", "Run one part in the foreground, as a container does."),
    "db": Command("hotline.commands.db", "Migrate the database, or compare it with this version."),
    "users": Command("hotline.commands.users", "Add people, give them a role and a password, close accounts."),
    "seats": Command("hotline.commands.seats", "Add seats and see their state."),
    "promise": Command("hotline.commands.promise", "Count how the fifteen seconds were kept on a day."),
    "ivr": Command("hotline.commands.ivr", "Check the menus that callers hear, and see the dialplan they become."),
    "customers": Command("hotline.commands.customers", "Say whose numbers lead to a senior seat."),
    "recordings": Command("hotline.commands.recordings", "Finalise, reconcile and verify recordings."),
    "transcribe": Command("hotline.commands.transcribe", "Turn an audio file into turns of text and a draft."),
    "texts": Command("hotline.commands.texts", "How long letters and scans are kept, and what is deleted of them."),
    "drafts": Command("hotline.commands.drafts", "Learn a draft's fields from confirmed forms."),
    "models": Command("hotline.commands.models", "Fetch, list and verify the speech models."),
    "qa": Command("hotline.commands.qa", "Draw calls for inspection."),
    "audit": Command("hotline.commands.audit", "Verify and read the audit chain."),
}
