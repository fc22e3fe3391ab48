"""Ports for an installation that shares its machine: the configured ones, or the next that are free."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from hotline.errors import HotlineError
from hotline.settings import Settings

_TRIES = 200


class NoFreePortError(HotlineError):
    code = "no_free_port"


@contextmanager
def settled(settings: Settings) -> Iterator[Settings]:
    """The same settings with a free port wherever the wanted one is in use; ours are kept from others meanwhile.

    Two installations that start at the same moment do not choose the same one: each holds a name in Linux's abstract
    socket namespace per port, which goes with the process.
    """
    with ExitStack() as held:
        asterisk = settings.asterisk
        sip = _free(held, asterisk.bind, asterisk.sip_port, socket.SOCK_DGRAM)
        http = _free(held, asterisk.bind, asterisk.http_port, socket.SOCK_STREAM)
        ami = _free(held, asterisk.ami_bind, settings.ami.port, socket.SOCK_STREAM)
        web = _free(held, settings.web_host, settings.web_port, socket.SOCK_STREAM)
        yield settings.model_copy(
            update={
                "asterisk": asterisk.model_copy(update={"sip_port": sip, "http_port": http}),
                "ami": settings.ami.model_copy(update={"port": ami}),
                "web_port": web,
            }
        )


def _free(held: ExitStack, host: str, wanted: int, kind: socket.SocketKind) -> int:
    for port in range(wanted, min(wanted + _TRIES, 65536)):
        name = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        try:
            name.bind(f"\0hotline-port-{kind.name}-{port}")
        except OSError:
            continue
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
        return port
    raise NoFreePortError(f"no port from {wanted} to {wanted + _TRIES} is free on {host}; end what uses them")
