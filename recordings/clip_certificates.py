"""The certificate of a copy: what was taken out of which recording, by whom and why, signed with Ed25519.

A court checks it with the public key in the certificate and the key's fingerprint, which the operator publishes
(`hotline recordings clip-key`); `recordings.clip_check` also holds it against the store and the audit.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Annotated, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import BaseModel, ConfigDict, Field

from hotline import secrets
from hotline.settings import Settings
from recordings.errors import RecordingError

VERSION = 1
LARGEST = 1 << 20


class BadCertificate(RecordingError):
    """The file is no certificate of ours, or was changed after it was signed."""

    code = "bad_certificate"


class _File(BaseModel):
    sha256: str


class _Clip(_File):
    samples_sha256: str


class _Row(BaseModel):
    seq: Annotated[int, Field(ge=1, lt=2**63)]
    digest: str


class _Facts(BaseModel):
    """What is read of a statement: anybody can sign another with a key of their own."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    clip: _Clip
    original: _File
    audit: _Row
    call: Annotated[str, Field(max_length=200)]
    begin: Annotated[float, Field(alias="from")]
    to: float
    silenced: Annotated[list[Annotated[list[float], Field(min_length=2, max_length=2)]], Field(max_length=10_000)]


@dataclass(frozen=True, slots=True)
class Statement:
    """What is certified, as JSON."""

    facts: Mapping[str, Any]

    def canonical(self) -> bytes:
        """The bytes that are signed: sorted keys, no spaces, UTF-8."""
        return json.dumps(self.facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signed(settings: Settings, statement: Statement) -> dict[str, Any]:
    """The certificate's JSON."""
    key = _private(settings)
    return {
        "hotline_clip_certificate": VERSION,
        "statement": statement.facts,
        "signature": base64.b64encode(key.sign(statement.canonical())).decode(),
        "public_key": base64.b64encode(_raw(key.public_key())).decode(),
        "how_to_verify": "Ed25519 over the statement as JSON with sorted keys, separators ',' and ':', UTF-8;"
        " the clip by the SHA-256 of its file; the key by the fingerprint that the operator publishes",
    }


def opened(text: str) -> tuple[Statement, str]:
    """The statement of a certificate whose signature is good, and the fingerprint of its key. Raises BadCertificate."""
    try:
        found = json.loads(text)
        statement = Statement(found["statement"])
        raw = base64.b64decode(found["public_key"], validate=True)
        Ed25519PublicKey.from_public_bytes(raw).verify(
            base64.b64decode(found["signature"], validate=True), statement.canonical()
        )
        _Facts.model_validate(found["statement"])
    except InvalidSignature as error:
        raise BadCertificate("the signature does not fit: the certificate was changed after it was signed") from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadCertificate("this is no certificate of a recording's copy") from error
    return statement, hashlib.sha256(raw).hexdigest()


def fingerprint(settings: Settings) -> str:
    """SHA-256 of the installation's public key, hexadecimal, to be published where a court can find it."""
    return hashlib.sha256(_raw(_private(settings).public_key())).hexdigest()


def _private(settings: Settings) -> Ed25519PrivateKey:
    seed = hashlib.sha256(b"hotline clip certificates/" + secrets.kept(settings, "clip-certificates").encode())
    return Ed25519PrivateKey.from_private_bytes(seed.digest())


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def write_files(certificate: Mapping[str, Any], sound: Path) -> tuple[Path, Path]:
    """The certificate beside the clip, as JSON and as a page to read and print."""
    data, page = sound.with_name(f"{sound.name}.certificate.json"), sound.with_name(f"{sound.name}.certificate.html")
    data.write_text(json.dumps(certificate, ensure_ascii=False, indent=2) + "\n", "utf-8")
    page.write_text(_page(certificate), "utf-8")
    return data, page


def _page(certificate: Mapping[str, Any]) -> str:
    facts = certificate["statement"]
    key = hashlib.sha256(base64.b64decode(certificate["public_key"])).hexdigest()
    silenced = "；".join(f"{start:.2f}–{end:.2f} s" for start, end in facts["silenced"]) or "无 none"
    rows = (
        ("通话编号 Call", facts["call"]),
        ("录音开始 Recorded at", facts["recorded_at"]),
        ("原录音 SHA-256 of the original", facts["original"]["sha256"]),
        ("原录音时长 Length of the original", f"{facts['original']['seconds']:.2f} s"),
        ("副本文件 File of the copy", facts["clip"]["file"]),
        ("副本 SHA-256 of the copy", facts["clip"]["sha256"]),
        ("截取秒段 Seconds taken", f"{facts['from']:.2f} – {facts['to']:.2f} s"),
        ("已静音秒段（证件号、卡号、密码）Silenced (card numbers, passwords)", silenced),
        ("导出人 Exported by", f"{facts['exported_by']} ({facts['role']})"),
        ("导出时间 Exported at", facts["exported_at"]),
        ("原因和用途 Reason", facts["reason"]),
        ("审计记录 Audit row", f"{facts['audit']['seq']} · {facts['audit']['digest']}"),
        ("签名 Signature (Ed25519)", certificate["signature"]),
        ("公钥指纹 Fingerprint of the key (SHA-256)", key),
    )
    table = "".join(f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in rows)
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>录音副本证书 Certificate of a recording</title>'
        "<style>body{font:15px/1.6 sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}"
        "th{text-align:left;vertical-align:top;padding:.35rem 1rem .35rem 0;white-space:nowrap}"
        "td{word-break:break-all;font-family:monospace}</style>"
        "<h1>录音副本证书 <small>Certificate of a recording's copy</small></h1>"
        f"<table>{table}</table>"
        "<h2>如何核验 How to verify</h2>"
        "<p>1. 计算副本文件的 SHA-256，应与上表一致。 The file's SHA-256 is the one above.</p>"
        "<p>2. 用 .certificate.json 内的公钥验证签名；公钥指纹应与运营商公布的一致。 "
        "The signature in the .json fits its public key, whose fingerprint the operator publishes.</p>"
        "<p>3. 运营商可用 <code>hotline recordings check-clip</code> 与存储的原录音和审计链核对。 "
        "The operator holds it against the stored original and the audit chain.</p></html>\n"
    )
