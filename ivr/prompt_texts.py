"""What the prompts say: the texts beside the prompts folder, for people who cannot hear them at the moment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml


def prompt_texts(prompts: Path) -> Mapping[str, str]:
    """Texts by name, from `prompts.yaml` in the prompts folder or beside it; empty where there is none to read."""
    for source in (prompts / "prompts.yaml", prompts.parent / "prompts.yaml"):
        try:
            book = yaml.safe_load(source.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue
        texts = book.get("texts") if isinstance(book, dict) else None
        if isinstance(texts, dict):
            return {str(name): str(text) for name, text in texts.items()}
    return {}
