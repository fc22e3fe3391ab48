"""What a telephone is told so that it can register, and the same as a QR code that softphones scan."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

import segno
from markupsafe import Markup

from acd.phones import Credential
from hotline.settings import Settings


@dataclass(frozen=True)
class Account:
    """The fields that every SIP telephone asks for."""

    server: str
    """`host:port`, UDP."""
    user: str
    """The SIP user, which is the seat's extension."""
    auth_user: str
    """The authentication name, which is not the user: one seat may have several."""
    secret: str
    name: str

    def __repr__(self) -> str:
        return f"Account({self.auth_user!r}, secret=…)"

    @classmethod
    def of(cls, credential: Credential, settings: Settings) -> Account:
        return cls(server(settings), credential.extension, credential.username, credential.secret, credential.extension)


def server(settings: Settings) -> str:
    """Where telephones register: the setting `phone.domain`, its port added, or Asterisk's own address."""
    port = settings.asterisk.sip_port
    domain = settings.phone.domain or settings.asterisk.bind
    has_port = domain.rpartition("]")[2].count(":") == 1
    return domain if has_port else f"{domain}:{port}"


def account_xml(account: Account) -> str:
    """The account as XML in the form that Grandstream's Wave softphone reads from a QR code."""
    fields = {
        "RegisterServer": account.server,
        "UserID": account.user,
        "AuthID": account.auth_user,
        "AuthPass": account.secret,
        "AccountName": account.name,
        "DisplayName": account.name,
    }
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return f'{head}<AccountConfig version="1"><Account>{inner}</Account></AccountConfig>'


def qr_svg(text: str) -> Markup:
    """`text` as a QR code, SVG for a page: dark on white whatever the page's colours, as cameras want it."""
    code = segno.make(text, micro=False, error="m")
    return Markup(code.svg_inline(scale=4, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None))  # noqa: S704
