"""What can go wrong for a person at the console: a code, a status and a sentence for the page.

`message` is an English catalogue key; the page shows its Chinese beside it.
"""

from __future__ import annotations

from typing import ClassVar


def N_(message: str) -> str:
    """Mark a catalogue key that is translated later, where it is shown."""
    return message


class ConsoleError(Exception):
    """Base of the console's errors."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    message: ClassVar[str] = N_("The request could not be understood. Go back and try again.")

    def __init__(self, message: str | None = None) -> None:
        self.text = message or self.message
        super().__init__(self.text)


class LoginNeeded(ConsoleError):
    """Nobody is logged in (or no longer): pages go to the log-in, data requests get 401."""

    code = "login_needed"
    status = 401
    message = N_("You are not logged in, or your session has ended. Log in again; what you typed is kept.")

    def __init__(self, *, redirect: bool) -> None:
        super().__init__()
        self.redirect = redirect


class Forbidden(ConsoleError):
    code = "forbidden"
    status = 403
    message = N_("Your role does not include this. Ask the shift leader if you need it.")


class Forged(ConsoleError):
    """A POST that does not come from one of our own pages in this session."""

    code = "forged"
    status = 403
    message = N_("This form is out of date or did not come from this console. Reload the page and send it again.")


class Missing(ConsoleError):
    code = "not_found"
    status = 404
    message = N_("There is nothing at this address. It may have been handled or never existed.")


class TooLarge(ConsoleError):
    code = "too_large"
    status = 413
    message = N_("That is more text than a form here can take. Shorten it and send it again.")


class Unavailable(ConsoleError):
    code = "unavailable"
    status = 503
    message = N_("The database does not answer. Calls go on; try again in a moment.")


class StoreAway(ConsoleError):
    code = "store_away"
    status = 503
    message = N_("The store of recordings does not answer. The recording is safe; try again in a moment.")


class Broken(ConsoleError):
    code = "broken"
    status = 500
    message = N_("Something failed here that should not have. It has been logged; tell the operator the time.")
