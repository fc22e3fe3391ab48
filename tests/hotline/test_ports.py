from __future__ import annotations

import socket
from pathlib import Path

from hotline.processes.ports import settled
from hotline.settings import Settings


def _settings(tmp_path: Path) -> Settings:
    """With ports that were free a moment ago, so that the fixed defaults do not matter."""
    held = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(4)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    web, ami, sip, http = (each.getsockname()[1] for each in held)
    for each in held:
        each.close()
    return Settings.model_validate(
        {"data": tmp_path, "web_port": web, "ami": {"port": ami}, "asterisk": {"sip_port": sip, "http_port": http}}
    )


def _ports(settings: Settings) -> tuple[int, int, int, int]:
    asterisk = settings.asterisk
    return settings.web_port, settings.ami.port, asterisk.sip_port, asterisk.http_port


def test_free_ports_are_taken_as_they_are(tmp_path: Path) -> None:
    wanted = _settings(tmp_path)
    with settled(wanted) as chosen:
        assert _ports(chosen) == _ports(wanted)


def test_a_port_in_use_is_passed_over(tmp_path: Path) -> None:
    wanted = _settings(tmp_path)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip, socket.socket() as web:
        sip.bind(("127.0.0.1", wanted.asterisk.sip_port))
        web.bind(("127.0.0.1", wanted.web_port))
        web.listen()
        with settled(wanted) as chosen:
            assert chosen.asterisk.sip_port > wanted.asterisk.sip_port
            assert chosen.web_port > wanted.web_port
            assert chosen.ami.port == wanted.ami.port


def test_two_that_start_at_the_same_moment_do_not_choose_the_same(tmp_path: Path) -> None:
    wanted = _settings(tmp_path)
    with settled(wanted) as first, settled(wanted) as second:
        assert not set(_ports(first)) & set(_ports(second))
    with settled(wanted) as again:
        assert _ports(again) == _ports(wanted), "ports are given back"
