"""YAML from anybody: composed into nodes only where it cannot cost more than its size."""

from __future__ import annotations

import yaml

from ivr.menu import MenuError, Problem

MOST_BYTES = 64 * 1024
DEEPEST = 24
"""Levels of nesting; the composer recurses, so that `[[[[…` would end the interpreter's stack."""


def compose(text: str, source: str) -> yaml.Node | None:
    """The document's root node, None where it is empty.

    Raises MenuError for a text that is too long or no YAML, nests too deeply, names a tag, or uses anchors and aliases
    (a few of which stand for millions of nodes).
    """
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise MenuError(
            source,
            [
                Problem(
                    1,
                    f"longer than {MOST_BYTES // 1024} KiB; a menu is shorter",
                    f"超过 {MOST_BYTES // 1024} KiB，菜单没有这么长",
                )
            ],
        )
    try:
        _walk(text, source)
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "not valid YAML"
        raise MenuError(
            source, [Problem(mark.line + 1 if mark else 1, f"not valid YAML: {reason}", f"不是有效的 YAML：{reason}")]
        ) from error


def _walk(text: str, source: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise MenuError(
                source,
                [
                    Problem(
                        line,
                        "anchors (&) and aliases (*) are not taken; write the choice out",
                        "不接受锚点（&）和别名（*），请完整写出",
                    )
                ],
            )
        if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None):
            raise MenuError(source, [Problem(line, "tags (!) are not taken", "不接受标签（!）")])
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise MenuError(
                source, [Problem(line, f"nested more than {DEEPEST} levels deep", f"嵌套超过 {DEEPEST} 层")]
            )
