"""Templates: how a page or fragment is rendered, and the few words and figures every template may use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from console import labels
from console.access import CSRF_FIELD, SESSION_COOKIE, VISITOR_COOKIE, csrf_token
from console.errors import N_
from console.replay import evidence
from console.words import Words
from hotline.accounts import Subject
from hotline.roles import Action, allows

CONSOLE = Path(__file__).parent
STATIC = CONSOLE / "static"
DIST = STATIC / "dist"
LANGUAGE_COOKIE = "hotline_language"
LANGUAGES = ("both", "zh", "en")


class Pages:
    """Renders the templates that lie beside each feature's handlers (`floor/page.html`)."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.words = Words()
        self._environment = Environment(
            loader=FileSystemLoader(CONSOLE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            t=self.words.both,
            zh=self.words.chinese,
            labels=labels,
            label=self._label,
            csrf_field=CSRF_FIELD,
            languages=LANGUAGES,
            Action=Action,
            N_=N_,
        )
        self._environment.filters.update(
            clock=self.clock,
            moment=self.moment,
            day=self.day,
            duration=duration,
            seconds=lambda moment: f"{moment:%S}",
            evidence=evidence.parts,
            timed=evidence.timed,
            epoch=lambda moment: round(moment.timestamp() * 1000),
            masked=masked,
            figures=lambda value: json.dumps(value, separators=(",", ":")),
        )

    def _label(self, names: Mapping[str, str], value: str | None) -> Markup:
        return self.words.both(labels.label(names, value))

    def clock(self, moment: datetime) -> str:
        """Time of day on the centre's wall clock."""
        return moment.astimezone(self.zone).strftime("%H:%M:%S")

    def moment(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%m-%d %H:%M")

    def day(self, moment: datetime) -> str:
        """With the year, for what lies far ahead."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def say(self, request: Request, key: str) -> str:
        """A sentence for an answer that is no page, in the reader's language (Chinese where both are shown)."""
        return key if request.cookies.get(LANGUAGE_COOKIE) == "en" else self.words.chinese(key)

    def fragment(self, template: str, **values: object) -> str:
        """A part of a page, the same for every reader."""
        return self._environment.get_template(template).render(values)

    def page(
        self, request: Request, template: str, *, status: int = 200, subject: Subject | None = None, **values: object
    ) -> HTMLResponse:
        """A whole page for this reader: navigation by role, form token, chosen language."""
        known = subject or getattr(request.state, "subject", None)
        secret = request.cookies.get(SESSION_COOKIE if known else VISITOR_COOKIE, "")
        secret = getattr(request.state, "visitor", secret)
        language = request.cookies.get(LANGUAGE_COOKIE, "both")
        body = self._environment.get_template(template).render(
            {
                "request": request,
                "status": status,
                "path": request.url.path,
                "subject": known,
                "may": lambda action: known is not None and allows(known.role, action),
                "csrf": csrf_token(secret) if secret else "",
                "nonce": request.state.nonce,
                "language": language if language in LANGUAGES else "both",
            }
            | values
        )
        return HTMLResponse(body, status)


def duration(seconds: float | None) -> str:
    """Seconds as `m:ss` or `h:mm:ss`."""
    whole = max(0, int(seconds or 0))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def masked(number: str) -> str:
    """A caller's number on a screen that many people see: first three and last two digits."""
    if len(number) < 7:
        return "•" * len(number)
    return f"{number[:3]}••••{number[-2:]}"
