"""Settings of one installation: a TOML file, overlaid by `HOTLINE_…` environment variables.

Secrets are `SecretStr`, so that no log or traceback prints them; each can also be given as a file
(`HOTLINE_<NAME>_FILE=/run/secrets/…`).
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as PydanticSettingsError

from hotline.errors import HotlineError

CHECKOUT = Path(__file__).resolve().parent.parent
PREFIX = "HOTLINE_"
OTHER_VARIABLES = frozenset({"HOTLINE_CONFIG", "HOTLINE_DEBUG", "HOTLINE_READY_FD"})
"""Variables with our prefix that are no settings."""
FOR_TESTS = "HOTLINE_TEST_"
NAMES_A_FILE = frozenset({"HOTLINE_RECORDINGS__MASTER_KEY_FILE"})
"""Variables that end like a secret's file and name a setting that is a path."""


class SettingsError(HotlineError):
    """Settings that cannot be used; the message names the key and what it must be."""

    code = "settings"


EngineName = Literal["auto", "vosk", "whisper", "sensevoice", "paraformer", "zipformer"]
"""A recogniser as the settings name it."""


class Section(BaseModel):
    """One table of the settings file; an unknown key is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class AmiSettings(Section):
    host: str = "127.0.0.1"
    """Where the controller finds Asterisk's manager interface."""
    port: int = Field(5038, ge=1, le=65535)
    """Of the manager interface."""
    user: str = "controller"
    """Its log-in."""
    secret: SecretStr = SecretStr("")
    """Its password; made at the first start where none is set."""
    action_timeout: float = Field(5.0, gt=0)
    """Seconds an action may go unanswered."""
    ping_interval: float = Field(5.0, gt=0)
    """Seconds between pings."""
    ping_timeout: float = Field(3.0, gt=0)
    """Silence after a ping for this long means that the connection is dead, however open the socket looks."""
    boot_timeout: float = Field(60.0, gt=0)
    """How long Asterisk may take from the first log-in to being fully booted."""


class AsteriskSettings(Section):
    """The Asterisk node that `hotline up` runs; `root` empty means the system's own Asterisk."""

    root: Path | None = None
    """Chroot that holds Asterisk; default: `<data>/asterisk` when it is there and no system Asterisk ≥ 20 is."""
    node: str = Field("n1", pattern=r"^[a-z][a-z0-9]{0,15}$")
    """Name of the node; begins every call's uid."""
    bind: str = "127.0.0.1"
    """Address for SIP and RTP."""
    sip_port: int = Field(5060, ge=1, le=65535)
    """For callers and seats, UDP."""
    http_port: int = Field(8088, ge=1, le=65535)
    """For browsers' SIP over WebSocket."""
    ami_bind: str = "127.0.0.1"
    """Address of the manager interface (its port is `ami.port`); loopback unless the controller is elsewhere."""
    ami_permit: list[str] = ["127.0.0.0/8"]
    """Networks from which the manager interface takes a log-in."""
    rtp_start: int = Field(20000, ge=1024, le=65000)
    rtp_end: int = Field(20998, ge=1024, le=65535)
    """RTP takes UDP ports from rtp_start to rtp_end."""
    trunk_hosts: list[str] = ["127.0.0.0/8"]
    """Networks from which callers' SIP is taken."""
    access_numbers: list[str] = ["10015"]
    """Numbers that reach the hotline."""
    may_dial: list[Annotated[str, Field(pattern=r"^([0-9XZN]|\[[0-9-]+\]){3,24}$")]] = [
        "1[3-9]XXXXXXXXX", "0[1-9]XXXXXXXX", "0[1-9]XXXXXXXXX", "0[1-9]XXXXXXXXXX", "[2-8]XXXXXX", "[2-8]XXXXXXX",
    ]  # fmt: skip
    """Numbers that may be called, as Asterisk writes patterns (X any digit, Z 1-9, N 2-9): mobiles and landlines, so
    that no emergency, short, international or premium number is ever dialled for a caller who typed it."""
    outbound: str = Field("", pattern=r"^$|^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?$")
    """SIP `host:port` that takes calls to the public network (call-backs, transfers to numbers), which see the first
    access number as caller; empty means that nobody outside can be called."""

    @model_validator(mode="after")
    def _ports_in_order(self) -> Self:
        if self.rtp_start >= self.rtp_end:
            raise ValueError("rtp_start must be below rtp_end")
        return self


class AcdSettings(Section):
    promise_seconds: float = 15.0
    """D9: an idle seat answers within this."""
    ring_seconds: int = Field(7, ge=2, le=60)
    """Short enough that a second seat can be rung within the promise."""
    wrap_up_seconds: float = Field(20.0, ge=0)
    """Time a seat has after a call before the next one."""
    lease_seconds: float = Field(20.0, gt=0)
    """A claimed seat that nothing is heard of for this long is free again."""
    seat_lost_seconds: float = Field(8.0, gt=0)
    """A seat's telephone that vanishes in mid-call has this long to come back before the caller waits for another."""
    heartbeat_seconds: float = Field(1.0, gt=0)
    """How often the controller tells the dialplan that it is there."""
    heartbeat_dead_loops: int = Field(6, ge=2)
    """Loops of about a second without a heartbeat after which the dialplan takes the caller to the fallback queue."""
    max_wait_seconds: int = Field(120, ge=10)
    """After this many seconds in the queue the caller is offered the message box."""
    ageing_seconds: float = Field(60.0, gt=0)
    """Waiting this long is worth one step of priority, so that nobody starves."""
    important_priority: int = 2
    """Head start of key-account, important and leased-line callers (D18), in steps."""
    senior_only_seconds: float = Field(10.0, ge=0)
    """How long such a caller waits for a senior seat alone; then a junior may take the call and pass it on (D12),
    which leaves time to be answered within the promise."""
    recording_pause_seconds: float = Field(120.0, ge=5, le=600)
    """The recording goes on after so long a pause, should the agent forget it."""
    ring_penalty_seconds: float = Field(3.0, ge=0)
    """A seat that let a call ring out is offered nothing for this long."""
    manager_only_seconds: float = Field(5.0, ge=0)
    """How long a caller whose complaint is past its limit waits for the manager hotline alone (D15, D84); then a senior
    may answer, and after `senior_only_seconds` anybody."""
    any_seat_seconds: float = Field(5.0, ge=0)
    """After this wait any seat with the service does, whatever its skill and the customers it is kept for."""
    skill_wanted: int = Field(2, ge=1, le=5)
    """Skill that a caller waits `any_seat_seconds` for: 1 is a learner, 5 an expert."""
    owner_wait_seconds: float = Field(8.0, ge=0)
    """So long a caller with an open case waits for the seat that was asked first, if it will be idle in time (D85)."""
    misses_before_away: int = Field(2, ge=1)
    """Rings in a row that nobody picked up, after which the seat is taken for unattended until ready is pressed."""
    wrap_up_by_service: dict[Literal["complaint", "suggestion", "standards", "report"], float] = {}
    """Wrap-up of single services in seconds, such as `{suggestion = 30}`; others have `wrap_up_seconds`."""
    break_minutes: dict[str, float] = {"rest": 10.0, "meal": 45.0, "training": 90.0, "meeting": 60.0}
    """How long a break may last, by reason; the leader sees who is over."""
    clerk_overflow_waiting: int = Field(3, ge=0)
    """With more callers waiting than this, clerks take calls although they have something to enter (D27, D31)."""
    announce_seconds: int = Field(30, ge=10)
    """How often a waiting caller is told the place in line and the estimate."""
    callback_dial_seconds: int = Field(25, ge=5, le=120)
    """How long a customer who asked to be called back is rung; a seat is kept for that time."""
    callback_retry_minutes: list[float] = [5.0, 30.0, 120.0]
    """Pauses after each call-back that was not answered; after the last attempt it is given up."""
    callback_hours: str = Field("08:00-21:00", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-4]):[0-5][0-9]$")
    """Hours of the day in which customers are called back."""
    callback_expire_hours: float = Field(24.0, gt=0)
    """A call-back that was not reached by then expires; never before the end of the next workday's hours."""


class SurveySettings(Section):
    """The question after a talk (D47, D51, D134)."""

    scale: str = Field("5", pattern=r"^(off|5|10)$")
    """`5` (keys 1 to 5), `10` (keys 1 to 9, and 0 for ten) or `off`."""
    wait_seconds: int = Field(6, ge=2, le=30)
    """How long a caller has for the key after the question, which is asked once more."""

    @property
    def points(self) -> int:
        """The best score, 0 where nothing is asked."""
        return 0 if self.scale == "off" else int(self.scale)


class PhoneSettings(Section):
    """Telephones of the seats, in the browser and on the desk."""

    auto_answer: bool = False
    """A browser's telephone picks up by itself, half a second after a short tone in the agent's headset."""
    show_caller: bool = False
    """Whether the desktop's notification of a ringing call shows the caller's number; others may look at the screen."""
    domain: str = Field("", pattern=r"^([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])?(:[0-9]{1,5})?$")
    """`host` or `host:port` that desk telephones and softphones register at; empty: Asterisk's address and SIP port."""
    websocket: str = Field("", pattern=r"^(wss?://[^\s]+)?$")
    """Where the console finds Asterisk's SIP over WebSocket; empty: `ws://<asterisk.bind>:<asterisk.http_port>/ws`."""


class LlmSettings(Section):
    """An optional language model behind an OpenAI-compatible address; without `url` nothing is ever sent anywhere."""

    url: str = Field("", pattern=r"^(https?://[^\s/?#]+[^\s?#]*)?$")
    """Address up to and including the version, such as `http://127.0.0.1:8000/v1`; empty: no model is asked."""
    model: str = "default"
    """Name of the model at that address."""
    key: SecretStr = SecretStr("")
    """Sent as a bearer token, where the address asks for one."""
    timeout: float = Field(20.0, gt=0, le=300)
    """Seconds after which the rules' draft stands without the model's answer."""


class RecordingSettings(BaseModel):
    """Limits of the finaliser, the reconciliation and the disk watch."""

    settle_seconds: float = Field(20.0, ge=0)
    """A leg that no process holds and that has not grown for this long is finished, whatever the ledger says."""
    tolerance_seconds: float = Field(2.0, gt=0)
    """A recording may be this much shorter than its call (what a killed Asterisk may lose)."""
    silent_rms: float = Field(0.001, ge=0, lt=1)
    """Below this share of full scale (-60 dBFS) a channel is called silent."""
    low_free_mb: int = Field(2048, ge=0)
    """Less free space than this raises the alarm: about 18 hours of one call's two raw legs."""
    longest_hours: float = Field(12.0, gt=0, le=48)
    """A sound file that lasts longer is refused, whatever its header says: 12 hours of two channels take 2.8 GB of
    temporary disk while they are worked on."""
    full_free_mb: int = Field(128, ge=0)
    """Less free space than this makes the installation not ready: new calls would go unrecorded."""
    full_share: float = Field(0.85, gt=0, le=1)
    """A disk that is used beyond this share raises the alarm, however much is left."""
    master_key_file: Path | None = None
    """age identity file that opens the recordings; default: `secrets/recordings-master.key` of the instance, made at
    the first start. It is read anew at each use, so `HOTLINE_RECORDINGS__MASTER_KEY_FILE` is the path itself."""
    scrub_mb_per_second: float = Field(20.0, gt=0)
    """So fast the periodic scrubber reads what is stored."""
    scrub_days: int = Field(30, ge=1)
    """Everything stored is read back within so many days; the doctor complains when a round is older."""
    keep_transcripts: bool = False
    """Whether a recording whose time is over leaves its transcript behind; an erasure on request never does."""
    retention_days: dict[Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")], Annotated[int, Field(ge=1)]] = {}
    """Days that recordings are kept, by class, where the class's default is not meant (docs/recordings.md)."""


class TextSettings(Section):
    """Letters, faxes, e-mails and visitors' texts."""

    due_hours: float = Field(2.0, gt=0)
    """D19-D21: until when the text clerk has keyed what was received."""
    largest_mb: int = Field(20, ge=1, le=200)
    """Of one scan or one e-mail."""
    most_scans: int = Field(20, ge=1, le=100)
    """Files that one entry may have."""
    most_pages: int = Field(50, ge=1, le=500)
    """Pages of one file; what has more is refused, not cut."""
    most_megapixels: int = Field(40, ge=1, le=200)
    """Of one page: A4 at 600 dots per inch has 35."""
    retention_days: dict[Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")], Annotated[int, Field(ge=1)]] = {}
    """Days that texts and their scans are kept, by what became of them, where the default is not meant
    ([text-entries.md](text-entries.md))."""


class RecognitionSettings(Section):
    """How the worker recognises recordings."""

    processes: int = Field(1, ge=1, le=32)
    """Recordings that one worker recognises at a time, each in a process of its own with its own models."""
    attempts: int = Field(3, ge=1, le=20)
    """How often a recording is tried before it is set aside with the reason, for a person to listen to."""
    seconds_per_second: float = Field(8.0, gt=0)
    """Recognising may take this many times the recording's length, and never less than `least_seconds`."""
    least_seconds: float = Field(600.0, gt=0)
    """Time that recognising a short recording may take, loading the models and waiting for live calls included."""
    files_per_process: int = Field(500, ge=1)
    """After so many recordings a process is replaced."""
    most_megabytes: int = Field(2000, ge=200)
    """One that holds more than this after a recording is replaced too; a larger Whisper needs more."""


class LearningSettings(Section):
    """Learning a draft's kind, business type, nature and cause from confirmed forms."""

    days: int = Field(365, ge=7)
    """How far back confirmed forms are learned from."""
    least_forms: int = Field(300, ge=50)
    """With fewer forms than this no field is taken over from the rules."""


class WallboardSettings(Section):
    """What the wallboard shows and when it raises an alarm."""

    digits: int = Field(0, ge=0, le=4)
    """Last digits of a waiting caller's number on the wall; 0 shows nothing of it."""
    waiting: int = Field(5, ge=1)
    """Alarm at so many callers waiting."""
    wait_seconds: float = Field(30.0, gt=0)
    """Alarm once somebody has waited longer than this."""
    level: float = Field(0.8, ge=0, le=1)
    """Alarm while fewer than this share of the last half hour's callers were answered within the promise."""
    level_calls: int = Field(10, ge=1)
    """A share of fewer callers than this raises no alarm."""


class ShiftSettings(Section):
    """Rosters and notices."""

    grace_minutes: float = Field(1.0, ge=0)
    """Who comes or goes by no more than this is on time."""
    ready_needs_notices: bool = False
    """Whether an agent who has not confirmed a notice in force is refused when pressing ready (D8)."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", hide_input_in_errors=True
    )

    data: Path = CHECKOUT / "data"
    """Everything the system writes lies under this folder."""
    instance: str = Field("main", pattern=r"^[a-z][a-z0-9-]{0,31}$")
    """Name of this installation's state below `data/instances`; a second one runs beside it untouched."""
    models: Path | None = None
    """Folder of the speech models; default: `<data>/models`, so that instances share them."""
    database_url: SecretStr | None = None
    """`postgresql://…` of a server; none means the embedded PostgreSQL under the instance's folder."""
    timezone: str = "Asia/Shanghai"
    """Of screens, working days and the daily draw; storage is UTC."""
    web_host: str = "127.0.0.1"
    """Address of the console."""
    web_port: int = Field(8080, ge=1, le=65535)
    """Port of the console; `hotline up` takes the next free one where it is in use."""
    web_certificate: Path | None = None
    """PEM file of the console's own TLS: the certificate, then its chain. Set together with `web_key`."""
    web_key: Path | None = None
    """PEM file of that certificate's private key."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(0, ge=0, le=65535)
    """Where controller, worker and node each answer `/metrics` on a host of their own; 0 means not at all."""
    cookie_secure: bool = False
    """Set where the console is reached over HTTPS: cookies are then sent over nothing else."""
    session_hours: float = Field(10.0, gt=0)
    """How long a log-in lasts."""
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    """DEBUG, INFO, WARNING or ERROR."""
    store_url: str = ""
    """obstore URL of the recordings (`s3://bucket/prefix`); empty means a folder of the instance."""
    recogniser: EngineName = "auto"
    """auto (Vosk where its Mandarin model is, else Whisper), or vosk, whisper, sensevoice, paraformer or zipformer."""
    recognisers: dict[Literal["complaint", "suggestion", "standards", "report", "voicemail", "import"], EngineName] = {}
    """The recogniser of single queues, such as `{complaint = "sensevoice", import = "vosk"}`; others have
    `recogniser`."""
    whisper_model: str = Field("whisper-base", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Folder in the models folder: any Whisper in CTranslate2's format that was put there, such as a larger one."""
    qa_rate: float = Field(0.05, gt=0, le=1)
    """D64: share of each day's calls of each business type that is drawn."""
    draft_due_hours: float = Field(2.0, gt=0)
    """D28: until when the recording clerk has keyed a recording."""
    desk_amber_minutes: float = Field(30.0, ge=0)
    """With less time left than this a piece of work on the clerks' list is amber; past its limit it is red."""
    desk_lease_seconds: float = Field(180.0, ge=20)
    """What a clerk has open is free again when its page was not heard of for this long; what was typed stays."""
    desk_hold_minutes: float = Field(60.0, gt=0)
    """What a clerk has put aside is kept for this long, then anybody may take it."""
    repeat_days: int = Field(180, ge=1)
    """D16, D50: how far back a new complaint is looked up among the earlier ones."""
    reply_due_hours: float = Field(48.0, gt=0)
    """D86: until when a complaint is replied to."""
    menu: Path = CHECKOUT / "ivr" / "menu.yaml"
    prompts: Path = CHECKOUT / "ivr" / "prompts"
    """WAV files (8 kHz, 16 bit, one channel) that callers hear; a folder of your own must hold each of these names."""
    """The menus that callers hear."""
    ami: AmiSettings = AmiSettings()
    asterisk: AsteriskSettings = AsteriskSettings()
    acd: AcdSettings = AcdSettings()
    survey: SurveySettings = SurveySettings()
    phone: PhoneSettings = PhoneSettings()
    recordings: RecordingSettings = RecordingSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    texts: TextSettings = TextSettings()
    learning: LearningSettings = LearningSettings()
    wallboard: WallboardSettings = WallboardSettings()
    shifts: ShiftSettings = ShiftSettings()
    llm: LlmSettings = LlmSettings()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"no such time zone: {name!r}; use a name such as Asia/Shanghai") from error
        return name

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("postgresql://", "postgresql+psycopg://")):
            raise ValueError("must be the URL of a PostgreSQL server: postgresql://user@host/database")
        return url

    @model_validator(mode="after")
    def _certificate_with_key(self) -> Self:
        if (self.web_certificate is None) != (self.web_key is None):
            raise ValueError("web_certificate and web_key are set together, or neither")
        for file in (self.web_certificate, self.web_key):
            if file is not None and not file.is_file():
                raise ValueError(f"there is no file {file}")
        self.cookie_secure |= self.web_certificate is not None
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def instance_dir(self) -> Path:
        """State of this installation: database, recordings, generated secrets, logs, pid files."""
        return self.data / "instances" / self.instance

    @property
    def models_dir(self) -> Path:
        return self.models or self.data / "models"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        assert isinstance(env_settings, EnvSettingsSource)
        env_settings.env_vars = {  # `…_FILE` is read by load_settings
            name: value for name, value in env_settings.env_vars.items() if not name.lower().endswith("_file")
        }
        return env_settings, init_settings


def load_settings(path: Path | None = None) -> Settings:
    """Read the file at `path` (or `$HOTLINE_CONFIG`) and the environment; raise SettingsError naming the key."""
    chosen = path or (Path(os.environ["HOTLINE_CONFIG"]) if os.environ.get("HOTLINE_CONFIG") else None)
    values: dict[str, object] = {}
    if chosen is not None:
        try:
            values = tomllib.loads(chosen.read_text("utf-8"))
        except OSError as error:
            raise SettingsError(f"cannot read the settings file {chosen}: {error.strerror}") from error
        except ValueError as error:
            raise SettingsError(f"{chosen} is not valid TOML: {error}") from error
    _merge(values, _secret_files())
    _refuse_unknown_variables()
    try:
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"setting {key!r}: {first['msg']}") from None
    except PydanticSettingsError as error:  # a list or table in the environment that is not JSON
        raise SettingsError(f"the environment cannot be read: {error}") from None


def _secret_files() -> dict[str, object]:
    """What the files named by `HOTLINE_<NAME>_FILE` hold, as the settings file would say it."""
    found: dict[str, object] = {}
    for variable, file in os.environ.items():
        name = variable.removesuffix("_FILE")
        if not variable.startswith(PREFIX) or name == variable:
            continue
        if name in os.environ:
            raise SettingsError(f"both {name} and {variable} are set; keep one of them")
        name = variable if variable in NAMES_A_FILE else name
        try:
            value: object = file if name == variable else Path(file).read_text("utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise SettingsError(f"{variable} names {file}, which cannot be read: {error}") from error
        for part in reversed(name.removeprefix(PREFIX).lower().split("__")):
            value = {part: value}
        assert isinstance(value, dict)
        _merge(found, value)
    return found


def _refuse_unknown_variables() -> None:
    for variable in os.environ:
        if not variable.startswith(PREFIX) or variable in OTHER_VARIABLES or variable.startswith(FOR_TESTS):
            continue
        name = variable.removeprefix(PREFIX).removesuffix("_FILE").lower().split("__")[0]
        if name not in Settings.model_fields:
            raise SettingsError(f"{variable} is no setting; see docs/settings.md for the names")


def _merge(into: dict[str, object], other: dict[str, object]) -> None:
    for key, value in other.items():
        mine = into.get(key)
        if isinstance(mine, dict) and isinstance(value, dict):
            _merge(mine, value)
        else:
            into[key] = value
