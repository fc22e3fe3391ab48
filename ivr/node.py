"""The whole configuration of one Asterisk node, rendered from settings, secrets and seats into its own folder."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from pydantic import SecretStr

from hotline.settings import CHECKOUT, Settings
from ivr.content import SLOTS, Content, content_of_file, content_texts
from ivr.dialplan import Lines, checked, tell
from ivr.errors import RenderError
from ivr.paths import NodePaths

TEMPLATES = CHECKOUT / "docker" / "asterisk"
MUSIC = "hold-music"
SILENCE = "silence"
MESSAGE_SECONDS = 180
"""Longest message in the box; the caller hangs up or presses # sooner."""
OUT_RING_SECONDS = 45
"""How long somebody at a number of the public network is rung for a caller who is handed there."""
FALLBACK_SECONDS = 60
"""Longest wait in the fallback queue before the message box."""

DIALPLAN_PROMPTS = (
    *("please-wait", "still-busy", "thanks", "leave-message", "tone", "message-taken"),
    *("invalid-key", "no-key", "survey-5", "survey-10", "survey-thanks"),
    *("wait-place", "wait-estimate", "wait-short", "wait-hour"),
    *(f"place-{place}" for place in range(1, 100)),
    *(f"minutes-{minutes}" for minutes in (*range(1, 11), *range(15, 61, 5))),
    *(f"number-{figure}" for figure in range(10)),
    *("digit-1", "callback-offer", "callback-number", "callback-confirm", "callback-type", "callback-refused"),
    *("callback-taken", "callback-notice"),
)
"""Prompts that the dialplan plays whatever the menu says."""

EVENTS = (
    "FullyBooted",
    "Shutdown",
    "UserEvent",
    "DialBegin",
    "DialEnd",
    "BridgeEnter",
    "BridgeLeave",
    "Hold",
    "Unhold",
    "Hangup",
    "OriginateResponse",
    "DeviceStateChange",
    "ContactStatus",
)
"""What the controller is told of its own accord; lists asked for by an action are not filtered."""

MODULES = (
    *("res_timing_timerfd", "res_crypto", "res_http_websocket", "res_sorcery_config", "res_sorcery_memory"),
    *("res_sorcery_astdb", "res_pjproject", "res_pjsip", "res_pjsip_session", "res_rtp_asterisk", "res_srtp"),
    *("res_pjsip_sdp_rtp", "res_pjsip_caller_id", "res_pjsip_nat", "res_pjsip_registrar", "res_pjsip_rfc3326"),
    *("res_pjsip_authenticator_digest", "res_pjsip_endpoint_identifier_ip", "res_pjsip_endpoint_identifier_user"),
    *("res_pjsip_header_funcs", "res_pjsip_dtmf_info", "res_pjsip_transport_websocket", "res_pjsip_maintenance"),
    *(
        "res_pjsip_pubsub",
        "chan_pjsip",
        "res_musiconhold",
        "res_manager_devicestate",
        "res_cdrel_custom",
        "cel_custom",
        "pbx_config",
    ),
    *("codec_a_mu", "codec_alaw", "codec_ulaw", "codec_g722", "codec_resample"),
    *("format_pcm", "format_sln", "format_wav"),
    # No bridge_simple and no bridge_native_rtp: a mixing bridge sends the caller a frame every 20 ms, also while nobody
    # on either side sends any, without which such silence is missing from the recording and later words come too early.
    *("bridge_softmix", "bridge_builtin_features"),
    *(
        "app_channelredirect",
        "app_chanspy",
        "app_channelredirect",
        "app_confbridge",
        "app_dial",
        "app_echo",
        "app_originate",
        "app_softhangup",
        "app_playback",
        "app_queue",
        "app_read",
        "app_mixmonitor",
        "app_userevent",
        "app_celgenuserevent",
        "app_stack",
    ),
    *(
        "func_callerid",
        "func_channel",
        "func_cut",
        "func_dialplan",
        "func_export",
        "func_global",
        "func_groupcount",
        "func_logic",
    ),
    *("func_sprintf", "func_strings", "func_timeout", "func_uri"),
)

_EXTENSION = re.compile(r"[0-9]{2,8}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{8,64}")


OPUS = ("codec_opus_open_source", "codec_opus")
"""Modules that transcode Opus, the free one first; not every Asterisk has one."""


@dataclass(frozen=True)
class SipLogin:
    """One name and secret that a telephone registers with."""

    username: str
    secret: SecretStr


@dataclass(frozen=True)
class SeatAccount:
    """A seat's SIP log-in, and how its telephone is rung."""

    extension: str
    secret: SecretStr
    supervises: str = ""
    """What it may do to calls of others: nothing, `listen`, or also `speak`."""
    logins: tuple[SipLogin, ...] = ()
    """Further ones, issued for a time."""
    browser: bool = False
    """Its telephone is a browser: encrypted media, and only `logins` open it, not the seat's own secret."""

    @property
    def opened_by(self) -> tuple[SipLogin, ...]:
        return self.logins if self.browser else (SipLogin(self.extension, self.secret), *self.logins)


def render_node(
    settings: Settings,
    seats: Iterable[SeatAccount],
    *,
    content: Content | None = None,
    paths: NodePaths | None = None,
) -> NodePaths:
    """Write the node's configuration, prompts and empty folders; give them to Asterisk's user where we are root.

    Files of an earlier run are replaced, recordings and journal stay. Without `content` callers hear the menu file of
    the settings. Raises RenderError for a value that Asterisk would not read as plain text, MenuError for a menu that
    strands callers, NoAsteriskError where none is installed.
    """
    paths = paths or NodePaths.of(settings)
    content = content or content_of_file(settings)
    _check_zone(settings, paths)
    texts = render_texts(settings, sorted(seats, key=lambda seat: seat.extension), content, paths)
    for folder in paths.folders:
        folder.mkdir(parents=True, exist_ok=True)
    _copy_sounds(content, settings.prompts, paths)
    for name, text in texts.items():
        _replace(paths.etc / name, text)
    if os.geteuid() == 0:
        _hand_over(paths)
    return paths


def render_content(settings: Settings, content: Content, paths: NodePaths) -> dict[str, str]:
    """Write what changes while a node runs; returns the texts that stood there before, by file name.

    Nothing is written where a prompt is missing (RenderError).
    """
    texts = content_texts(content, _sound(paths))
    _copy_sounds(content, settings.prompts, paths)
    before = {name: (paths.etc / name).read_text("utf-8") for name in texts}
    put_back(paths, texts)
    return before


def put_back(paths: NodePaths, texts: Mapping[str, str]) -> None:
    """Write configuration files of a running node."""
    for name, text in texts.items():
        _replace(paths.etc / name, text)
        if os.geteuid() == 0:
            os.chown(paths.etc / name, *paths.owner())


def render_texts(
    settings: Settings, seats: Sequence[SeatAccount], content: Content, paths: NodePaths
) -> dict[str, str]:
    """The configuration files by name; no I/O beyond reading the templates."""
    ami_secret = settings.ami.secret.get_secret_value()
    if not _SECRET.fullmatch(ami_secret):
        raise RenderError("the AMI secret must be 8 to 64 letters, digits, - or _; set HOTLINE_AMI__SECRET")
    for seat in seats:
        if not _EXTENSION.fullmatch(seat.extension):
            raise RenderError(f"seat extension {seat.extension!r} must be 2 to 8 digits")
        if not _SECRET.fullmatch(seat.secret.get_secret_value()):
            raise RenderError(f"the SIP secret of seat {seat.extension} must be 8 to 64 letters, digits, - or _")
        for login in seat.logins:
            if not (_SECRET.fullmatch(login.username) and _SECRET.fullmatch(login.secret.get_secret_value())):
                raise RenderError(f"a log-in of seat {seat.extension} must be 8 to 64 letters, digits, - or _")
    for number in settings.asterisk.access_numbers:
        if not re.fullmatch(r"\+?[0-9]{2,20}", number):
            raise RenderError(f"access number {number!r} must be 2 to 20 digits")

    sound = _sound(paths)
    codec = next((name for name in OPUS if paths.has_module(name)), None)
    opus = (codec, "res_format_attr_opus") if codec else ()
    values = {
        "node": settings.asterisk.node,
        "inside": _Inside(paths),
        "modules": paths.modules,
        "share": paths.share,
        "loaded": (*MODULES, *opus),
        "opus": bool(opus),
        "events": EVENTS,
        "ami_port": settings.ami.port,
        "ami_bind": settings.asterisk.ami_bind,
        "ami_permit": settings.asterisk.ami_permit,
        "ami_user": settings.ami.user,
        "ami_secret": ami_secret,
        "bind": settings.asterisk.bind,
        "sip_port": settings.asterisk.sip_port,
        "http_port": settings.asterisk.http_port,
        "rtp_start": settings.asterisk.rtp_start,
        "rtp_end": settings.asterisk.rtp_end,
        "trunk_hosts": settings.asterisk.trunk_hosts,
        "access_numbers": settings.asterisk.access_numbers,
        "outbound": settings.asterisk.outbound,
        "seats": [
            {
                "extension": seat.extension,
                "supervises": seat.supervises,
                "browser": seat.browser,
                "logins": [
                    {"username": login.username, "secret": login.secret.get_secret_value()} for login in seat.opened_by
                ],
            }
            for seat in seats
        ],
        "ring_seconds": settings.acd.ring_seconds,
        "out_ring_seconds": OUT_RING_SECONDS,
        "max_wait_seconds": settings.acd.max_wait_seconds,
        "announce_seconds": settings.acd.announce_seconds,
        "may_dial": [Lines(pattern) for pattern in settings.asterisk.may_dial],
        "heartbeat_dead_loops": settings.acd.heartbeat_dead_loops,
        "message_seconds": MESSAGE_SECONDS,
        "fallback_seconds": FALLBACK_SECONDS,
        "journal_name": paths.journal.name,
        "zone": settings.timezone,
        "news_slots": SLOTS,
        "survey_scale": settings.survey.points,
        "survey_wait_seconds": settings.survey.wait_seconds,
    }
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        finalize=checked,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - configuration, not HTML; `checked` refuses what would need escaping
    )
    environment.globals.update(tell=tell, sound=sound)
    texts = {
        name.removesuffix(".j2"): environment.get_template(name).render(values)
        for name in environment.list_templates(["j2"])
        if "/" not in name  # a part, included by another
    }
    return texts | content_texts(content, sound)


def _sound(paths: NodePaths) -> Callable[[str], str]:
    return lambda prompt: f"{paths.inside(paths.sounds)}/{prompt}"


def _check_zone(settings: Settings, paths: NodePaths) -> None:
    """Asterisk takes UTC for a zone it has no file of, without a word: opening hours would be hours off."""
    if not ((paths.root or Path("/")) / "usr/share/zoneinfo" / settings.timezone).is_file():
        raise RenderError(
            f"where Asterisk runs there is no /usr/share/zoneinfo/{settings.timezone}; install tzdata there"
        )


class _Inside:
    """`inside.recordings` in a template: the node's folder as Asterisk sees it."""

    def __init__(self, paths: NodePaths) -> None:
        self._paths = paths

    def __getattr__(self, name: str) -> str:
        return str(self._paths.inside(getattr(self._paths, name)))


def _replace(target: Path, text: str) -> None:
    part = target.with_suffix(target.suffix + ".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(target)


def _copy_sounds(content: Content, prompts: Path, paths: NodePaths) -> None:
    """Asterisk in a chroot cannot see the checkout, so that it gets a copy of the prompts.

    All of them, since an announcement may name any; what is surely played must be there.
    """
    for name in sorted({*content.prompts(), *DIALPLAN_PROMPTS, MUSIC, SILENCE}):
        if not (prompts / f"{name}.wav").is_file():
            raise RenderError(
                f"prompt {prompts / name}.wav is missing; record it or render it with scripts/render_prompts.py"
            )
    for source in prompts.glob("*.wav"):
        folder = {MUSIC: paths.music, SILENCE: paths.quiet}.get(source.stem, paths.sounds)
        _copy(source, folder / source.name)


def _copy(source: Path, target: Path) -> None:
    """Copy what has changed; a prompt that is being played stays whole."""
    with contextlib.suppress(FileNotFoundError):
        if target.stat().st_mtime_ns == source.stat().st_mtime_ns and target.stat().st_size == source.stat().st_size:
            return
    part = target.with_suffix(".part")
    shutil.copyfile(source, part)
    shutil.copystat(source, part)
    part.chmod(0o644)
    part.replace(target)


def _hand_over(paths: NodePaths) -> None:
    """Asterisk does not run as root, so that its files must be its own, and the way to them open."""
    uid, gid = paths.owner()
    for walked, _, names in os.walk(paths.base):
        for name in (".", *names):
            with contextlib.suppress(FileNotFoundError):  # a recording that is taken away at this moment
                own = os.lstat(Path(walked) / name)
                if (own.st_uid, own.st_gid) != (uid, gid):  # a disk that is read-only must not keep callers out
                    os.chown(Path(walked) / name, uid, gid, follow_symlinks=False)
    paths.base.chmod(0o750)
    if paths.root is None:
        for folder in paths.base.parents:
            mode = stat.S_IMODE(folder.stat().st_mode)
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)  # to pass through, not to read
