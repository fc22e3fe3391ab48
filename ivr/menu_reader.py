"""From YAML nodes, which know their lines, to menus."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import yaml

from ivr.menu import (
    DIGITS,
    Choice,
    HangUp,
    Menu,
    MenuError,
    Menus,
    Problem,
    Say,
    Service,
    ToMenu,
    ToMessageBox,
    ToPerson,
    end_of,
)

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_KINDS = ("person", "menu", "say", "message_box", "hang_up")
_TOP = ("greeting", "greeting_in_brief", "start", "most_steps", "menus")
_MENU = ("prompt", "wait_seconds", "tries", "person", "keys", "otherwise")
_DEEPEST = 8
"""Prompts said one after the other; more is a speech, and YAML aliases could make it endless."""


def parse_menus(text: str, source: str, has_prompt: Callable[[str], bool]) -> Menus:
    """Menus of a YAML text. Raises MenuError with every problem found; `has_prompt` says whether a prompt exists."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "not valid YAML"
        raise MenuError(source, [Problem(mark.line + 1 if mark else 1, f"not valid YAML: {reason}")]) from error
    reader = _Reader(has_prompt)
    menus = reader.read(root)
    if reader.problems or menus is None:
        raise MenuError(source, reader.problems)
    return menus


@dataclass
class _Reader:
    has_prompt: Callable[[str], bool]
    problems: list[Problem] = field(default_factory=list)
    menu_lines: dict[str, int] = field(default_factory=dict)
    targets: list[tuple[int, str]] = field(default_factory=list)
    """Menus that are named somewhere, with the line."""

    def read(self, root: yaml.Node | None) -> Menus | None:
        if not isinstance(root, yaml.MappingNode):
            self.wrong(root, "the file must be a mapping with the keys greeting, start and menus")
            return None
        top = self.mapping(root, _TOP, "the file")
        menus_node = top.get("menus")
        menus: dict[str, Menu] = {}
        if not isinstance(menus_node, yaml.MappingNode) or not menus_node.value:
            self.wrong(menus_node or root, "`menus` must name at least one menu")
        else:
            for name, node in self.mapping(menus_node, None, "menus").items():
                menus[name] = self.menu(name, node)
        start = self.name(top.get("start"), root, "start", "the first menu")
        if start:
            self.targets.append((_line(top["start"]), start))
        greeting = self.prompts(top.get("greeting"), "greeting")
        brief = self.prompts(top.get("greeting_in_brief"), "greeting_in_brief")
        most = self.number(top.get("most_steps"), 30, 5, 100, "most_steps")
        for line, name in self.targets:
            if menus and name not in menus:
                self.problems.append(Problem(line, f"there is no menu {name!r}; menus are {', '.join(menus)}"))
        if self.problems:
            return None
        found = Menus(greeting, brief, start, most, menus)
        self.problems.extend(_loops(found, self.menu_lines))
        return found

    def prompts(self, node: yaml.Node | None, key: str) -> tuple[str, ...]:
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(node, f"`{key}` must be a list of prompts")
            return ()
        return tuple(self.prompt(item, node, key) for item in node.value)

    def menu(self, name: str, node: yaml.Node) -> Menu:
        self.menu_lines[name] = _line(node)
        if not _NAME.fullmatch(name):
            self.wrong(node, f"menu name {name!r} must be lower-case letters, digits and hyphens, at most 32")
        fields = self.mapping(node, _MENU, f"menu {name!r}")
        service = self.service(fields["person"]) if "person" in fields else Service.COMPLAINT
        keys: dict[str, Choice] = {}
        keys_node = fields.get("keys")
        if keys_node is None:
            self.wrong(node, f"menu {name!r} has no `keys`")
        else:
            for digit, choice in self.mapping(keys_node, None, f"keys of menu {name!r}").items():
                if len(digit) != 1 or digit not in DIGITS:
                    self.wrong(choice, f"{digit!r} is no key of a telephone; keys are {' '.join(DIGITS)}")
                    continue
                keys[digit] = self.choice(choice, 0)
        if "0" in keys and not isinstance(end_of(keys["0"]), ToPerson):
            self.wrong(keys_node, f"key 0 of menu {name!r} must lead to a person")
        keys.setdefault("0", ToPerson(service))
        otherwise = self.choice(fields["otherwise"], 0) if "otherwise" in fields else ToPerson(service)
        return Menu(
            name=name,
            prompt=self.prompt(fields.get("prompt"), node, f"menu {name!r}"),
            wait_seconds=self.number(fields.get("wait_seconds"), 5, 1, 30, "wait_seconds"),
            tries=self.number(fields.get("tries"), 3, 1, 9, "tries"),
            keys=keys,
            otherwise=otherwise,
        )

    def choice(self, node: yaml.Node, depth: int) -> Choice:
        fields = self.mapping(node, (*_KINDS, "then"), "a choice")
        kinds = [kind for kind in _KINDS if kind in fields]
        if len(kinds) != 1 or ("then" in fields) != (kinds == ["say"]):
            self.wrong(node, f"a choice is one of {', '.join(_KINDS)}; `say` needs `then`, nothing else has it")
            return HangUp()
        value = fields[kinds[0]]
        match kinds[0]:
            case "person":
                return ToPerson(self.service(value))
            case "menu":
                name = self.name(value, node, "menu", "a menu")
                self.targets.append((_line(value), name))
                return ToMenu(name)
            case "say":
                if depth >= _DEEPEST:
                    self.wrong(node, f"more than {_DEEPEST} prompts in a row")
                    return HangUp()
                return Say(self.prompt(value, node, "`say`"), self.choice(fields["then"], depth + 1))
            case kind:
                if not (isinstance(value, yaml.ScalarNode) and value.value == "true"):
                    self.wrong(value, f"`{kind}` takes `true` only")
                return ToMessageBox() if kind == "message_box" else HangUp()

    def mapping(self, node: yaml.Node, known: tuple[str, ...] | None, where: str) -> dict[str, yaml.Node]:
        """The node's entries by key; complains of anything but a mapping, of unknown keys and of keys given twice."""
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"{where} must be a mapping")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if known is not None and name not in known:
                self.wrong(key, f"unknown key {name!r} in {where}; known are {', '.join(known)}")
            elif name in found:
                self.wrong(key, f"{name!r} stands twice in {where}")
            else:
                found[name] = value
        return found

    def name(self, node: yaml.Node | None, parent: yaml.Node, key: str, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or not _NAME.fullmatch(node.value):
            self.wrong(node or parent, f"`{key}` must name {what}: lower-case letters, digits and hyphens")
            return ""
        return str(node.value)

    def prompt(self, node: yaml.Node | None, parent: yaml.Node, where: str) -> str:
        if node is None:
            self.wrong(parent, f"{where} has no prompt")
            return ""
        name = self.name(node, parent, "prompt", "a prompt")
        if name and not self.has_prompt(name):
            self.wrong(node, f"there is no prompt {name!r}; add its text to ivr/prompts.yaml and render it")
        return name

    def service(self, node: yaml.Node) -> Service:
        value = node.value if isinstance(node, yaml.ScalarNode) else ""
        if value not in list(Service):
            self.wrong(node, f"there is no service {value!r}; services are {', '.join(Service)}")
            return Service.COMPLAINT
        return Service(value)

    def number(self, node: yaml.Node | None, default: int, least: int, most: int, key: str) -> int:
        if node is None:
            return default
        text = node.value if isinstance(node, yaml.ScalarNode) else ""
        if not re.fullmatch(r"[0-9]{1,4}", text) or not least <= int(text) <= most:
            self.wrong(node, f"`{key}` must be a whole number from {least} to {most}")
            return default
        return int(text)

    def wrong(self, node: yaml.Node | None, text: str) -> None:
        self.problems.append(Problem(_line(node), text))


def _line(node: yaml.Node | None) -> int:
    return 1 if node is None else node.start_mark.line + 1


def _loops(found: Menus, lines: dict[str, int]) -> list[Problem]:
    """Menus that no caller reaches, and silence that goes round for ever."""
    problems = []
    reached: set[str] = set()
    frontier = [found.start]
    while frontier:
        name = frontier.pop()
        if name in reached:
            continue
        reached.add(name)
        frontier += [end.menu for end in map(end_of, found.menus[name].choices()) if isinstance(end, ToMenu)]
    for name in found.menus.keys() - reached:
        problems.append(Problem(lines[name], f"no choice leads to menu {name!r}"))
    for name, menu in found.menus.items():
        seen = {name}
        end = end_of(menu.otherwise)
        while isinstance(end, ToMenu) and end.menu not in seen:
            seen.add(end.menu)
            end = end_of(found.menus[end.menu].otherwise)
        if isinstance(end, ToMenu):
            text = f"loop without an exit: who presses nothing in menu {name!r} comes back to {end.menu!r} for ever"
            problems.append(Problem(lines[name], f"{text}; let `otherwise` lead to a person"))
    return problems
