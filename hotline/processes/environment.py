"""Settings handed to a child process: by environment variables, and secrets by files only their owner can read."""

from __future__ import annotations

import json
import os
from enum import Enum
from pathlib import Path

from pydantic import BaseModel, SecretStr

from hotline import secrets
from hotline.settings import PREFIX, Settings


def for_child(settings: Settings) -> dict[str, str]:
    """The environment in which `load_settings` gives these very settings, whatever ours says."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    if os.environ.get("HOTLINE_DEBUG"):
        own["HOTLINE_DEBUG"] = os.environ["HOTLINE_DEBUG"]
    return own | _variables(settings, settings, PREFIX)


def _variables(settings: Settings, section: BaseModel, prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        variable = prefix + name.upper()
        match value:
            case None:
                continue
            case SecretStr():
                if value.get_secret_value():
                    path = secrets.folder(settings) / f"for-{variable.removeprefix(PREFIX).lower()}"
                    secrets.write(path, value.get_secret_value())
                    found[f"{variable}_FILE"] = str(path)
            case BaseModel():
                found |= _variables(settings, value, f"{variable}__")
            case Enum():
                found[variable] = str(value.value)
            case str() | bool() | int() | float() | Path():
                found[variable] = str(value)
            case _:
                found[variable] = json.dumps(value)
    return found
