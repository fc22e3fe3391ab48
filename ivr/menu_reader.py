"""A menu file read and checked: from YAML nodes, which know their lines, to menus."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ivr.hours import Hours, Span
from ivr.menu import (
    DIGITS,
    PROMPTS,
    CallBack,
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
    When,
    ends_of,
    reaches_person,
)
from ivr.menu_yaml import compose

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
_SIMPLE: Mapping[str, Choice] = {"message_box": ToMessageBox(), "call_back": CallBack(), "hang_up": HangUp()}
_KINDS = ("person", "menu", "say", "when", *_SIMPLE)
_BESIDE = {"person": {"if_nobody"}, "say": {"then"}, "when": {"then", "otherwise"}}
"""What may, and for `say` and `when` must, stand beside a choice's kind."""
_TOP = ("hours", "greeting", "greeting_in_brief", "start", "most_steps", "menus")
_MENU = ("prompt", "wait_seconds", "tries", "person", "keys", "otherwise")
_DEEPEST = 6
"""Prompts and opening hours one after the other; more is a speech."""
MOST_MENUS = 60


def load_menus(source: Path, *, prompts: Path = PROMPTS) -> Menus:
    """Read and check a menu file; raises MenuError naming file and line of every problem."""
    try:
        text = source.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MenuError(
            str(source), [Problem(1, f"cannot be read as UTF-8 text ({error})", f"无法按 UTF-8 文本读取（{error}）")]
        ) from error
    return parse_menus(text, str(source), lambda prompt: (prompts / f"{prompt}.wav").is_file())


def parse_menus(text: str, source: str, has_prompt: Callable[[str], bool]) -> Menus:
    """Menus of a YAML text. Raises MenuError with every problem found; `has_prompt` says whether a prompt exists."""
    root = compose(text, source)
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
    timed: list[tuple[int, str]] = field(default_factory=list)
    """Opening hours that are named somewhere, with the line."""

    def read(self, root: yaml.Node | None) -> Menus | None:
        if not isinstance(root, yaml.MappingNode):
            self.wrong(
                root,
                "the file must be a mapping with the keys greeting, start and menus",
                "文件顶层须是映射，含 greeting、start、menus",
            )
            return None
        top = self.mapping(root, _TOP, "the file")
        menus_node = top.get("menus")
        menus: dict[str, Menu] = {}
        if not isinstance(menus_node, yaml.MappingNode) or not menus_node.value:
            self.wrong(menus_node or root, "`menus` must name at least one menu", "`menus` 下至少要有一个菜单")
        else:
            for name, node in self.mapping(menus_node, None, "menus").items():
                menus[name] = self.menu(name, node)
        if len(menus) > MOST_MENUS:
            self.wrong(menus_node, f"more than {MOST_MENUS} menus", f"菜单超过 {MOST_MENUS} 个")
        hours = self.hours(top.get("hours"))
        start = self.start(top.get("start"), root)
        greeting = self.prompts(top.get("greeting"), "greeting")
        brief = self.prompts(top.get("greeting_in_brief"), "greeting_in_brief")
        most = self.number(top.get("most_steps"), 30, 5, 100, "most_steps")
        for line, name in self.targets:
            if menus and name not in menus:
                self.problems.append(
                    Problem(
                        line,
                        f"there is no menu {name!r}; menus are {', '.join(menus)}",
                        f"没有菜单 {name!r}；现有：{'、'.join(menus)}",
                    )
                )
        for line, name in self.timed:
            if name not in hours:
                known = ", ".join(hours) or "none yet"
                self.problems.append(
                    Problem(
                        line,
                        f"there are no hours {name!r}; under `hours` there are: {known}",
                        f"没有时段 {name!r}；`hours` 下现有：{known}",
                    )
                )
        if self.problems:
            return None
        found = Menus(greeting, brief, start, most, menus, hours)
        self.problems.extend(_loops(found, self.menu_lines))
        return found

    def start(self, node: yaml.Node | None, root: yaml.Node) -> Choice:
        if isinstance(node, yaml.MappingNode):
            return self.choice(node, 0)
        name = self.name(node, root, "start", "the first menu")
        if name:
            self.targets.append((_line(node), name))
        return ToMenu(name)

    def hours(self, node: yaml.Node | None) -> dict[str, Hours]:
        if node is None:
            return {}
        found: dict[str, Hours] = {}
        for name, block in self.mapping(node, None, "hours").items():
            if not _NAME.fullmatch(name):
                self.wrong(
                    block,
                    f"hours name {name!r} must be lower-case letters, digits and hyphens, at most 32",
                    f"时段名 {name!r} 只能用小写字母、数字和连字符，最长 32",
                )
            days = self.mapping(block, ("workdays", "days_off"), f"hours {name!r}")
            found[name] = Hours(name, self.spans(days.get("workdays")), self.spans(days.get("days_off")))
        return found

    def spans(self, node: yaml.Node | None) -> tuple[Span, ...]:
        """Opening times of one kind of day; a kind that is not named is closed."""
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode) or len(node.value) > 8:
            self.wrong(
                node,
                'opening times are a list of at most 8 such as ["08:30-12:00", "13:30-18:00"]',
                '服务时间是列表，最多 8 段，如 ["08:30-12:00", "13:30-18:00"]',
            )
            return ()
        spans = [span for item in node.value if (span := self.span(item)) is not None]
        for earlier, later in itertools.pairwise(spans):
            if later.start < earlier.end:
                self.wrong(
                    node, f"{later} begins before {earlier} has ended", f"{later} 与前一段 {earlier} 重叠或顺序颠倒"
                )
        return tuple(spans)

    def span(self, node: yaml.Node) -> Span | None:
        found = _SPAN.fullmatch(node.value) if isinstance(node, yaml.ScalarNode) else None
        if found is None:
            self.wrong(
                node,
                'an opening time is "HH:MM-HH:MM" in quotes, such as "08:30-18:00"; the end may be 24:00',
                '每段写作带引号的 "HH:MM-HH:MM"，如 "08:30-18:00"，结束可为 24:00',
            )
            return None
        start = int(found[1]) * 60 + int(found[2])
        end = int(found[3]) * 60 + int(found[4]) if found[3] else 24 * 60
        if end <= start:
            self.wrong(
                node,
                f"{node.value} ends before it begins; split what goes past midnight in two",
                f"{node.value} 结束早于开始；跨午夜请拆成两段",
            )
            return None
        return Span(start, end)

    def prompts(self, node: yaml.Node | None, key: str) -> tuple[str, ...]:
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(node, f"`{key}` must be a list of prompts", f"`{key}` 须是语音名的列表")
            return ()
        return tuple(self.prompt(item, node, key) for item in node.value)

    def menu(self, name: str, node: yaml.Node) -> Menu:
        self.menu_lines[name] = _line(node)
        if not _NAME.fullmatch(name):
            self.wrong(
                node,
                f"menu name {name!r} must be lower-case letters, digits and hyphens, at most 32",
                f"菜单名 {name!r} 只能用小写字母、数字和连字符，最长 32",
            )
        fields = self.mapping(node, _MENU, f"menu {name!r}")
        service = self.service(fields["person"]) if "person" in fields else Service.COMPLAINT
        keys: dict[str, Choice] = {}
        keys_node = fields.get("keys")
        if keys_node is None:
            self.wrong(node, f"menu {name!r} has no `keys`", f"菜单 {name!r} 缺少 `keys`")
        else:
            for digit, choice in self.mapping(keys_node, None, f"keys of menu {name!r}").items():
                if len(digit) != 1 or digit not in DIGITS:
                    self.wrong(
                        choice,
                        f"{digit!r} is no key of a telephone; keys are {' '.join(DIGITS)}",
                        f"{digit!r} 不是电话按键；可用 {' '.join(DIGITS)}",
                    )
                    continue
                keys[digit] = self.choice(choice, 0)
        if "0" in keys and not reaches_person(keys["0"]):
            self.wrong(keys_node, f"key 0 of menu {name!r} must lead to a person", f"菜单 {name!r} 的 0 键必须转人工")
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
        if depth >= _DEEPEST:
            self.wrong(
                node,
                f"more than {_DEEPEST} prompts or opening hours in a row",
                f"连续的语音或时段判断超过 {_DEEPEST} 层",
            )
            return HangUp()
        fields = self.mapping(node, (*_KINDS, "then", "otherwise", "if_nobody"), "a choice")
        kinds = [kind for kind in _KINDS if kind in fields]
        beside = _BESIDE.get(kinds[0], set()) if kinds else set()
        given = fields.keys() - set(kinds)
        if len(kinds) != 1 or not given <= beside or (kinds[0] != "person" and given != beside):
            said = "`say` needs `then`, `when` needs `then` and `otherwise`, `person` may have `if_nobody`"
            said_zh = "`say` 要有 `then`，`when` 要有 `then` 和 `otherwise`，`person` 可有 `if_nobody`"
            self.wrong(
                node,
                f"a choice is one of {', '.join(_KINDS)}; {said}",
                f"每个选择须是 {'、'.join(_KINDS)} 之一；{said_zh}",
            )
            return HangUp()
        value = fields[kinds[0]]
        match kinds[0]:
            case "person":
                instead = self.choice(fields["if_nobody"], depth + 1) if "if_nobody" in fields else None
                return ToPerson(self.service(value), instead)
            case "menu":
                name = self.name(value, node, "menu", "a menu")
                self.targets.append((_line(value), name))
                return ToMenu(name)
            case "say":
                return Say(self.prompt(value, node, "`say`"), self.choice(fields["then"], depth + 1))
            case "when":
                name = self.name(value, node, "when", "opening hours")
                self.timed.append((_line(value), name))
                then, otherwise = (self.choice(fields[key], depth + 1) for key in ("then", "otherwise"))
                return When(name, then, otherwise)
            case kind:
                if not (isinstance(value, yaml.ScalarNode) and value.value == "true"):
                    self.wrong(value, f"`{kind}` takes `true` only", f"`{kind}` 只能写 `true`")
                return _SIMPLE[kind]

    def mapping(self, node: yaml.Node, known: tuple[str, ...] | None, where: str) -> dict[str, yaml.Node]:
        """The node's entries by key; complains of anything but a mapping, of unknown keys and of keys given twice."""
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"{where} must be a mapping", "此处须是映射（键: 值）")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if known is not None and name not in known:
                self.wrong(
                    key,
                    f"unknown key {name!r} in {where}; known are {', '.join(known)}",
                    f"未知的词 {name!r}；此处可用：{'、'.join(known)}",
                )
            elif name in found:
                self.wrong(key, f"{name!r} stands twice in {where}", f"{name!r} 重复出现")
            else:
                found[name] = value
        return found

    def name(self, node: yaml.Node | None, parent: yaml.Node, key: str, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or not _NAME.fullmatch(node.value):
            self.wrong(
                node or parent,
                f"`{key}` must name {what}: lower-case letters, digits and hyphens",
                f"`{key}` 须填名称：小写字母、数字和连字符",
            )
            return ""
        return str(node.value)

    def prompt(self, node: yaml.Node | None, parent: yaml.Node, where: str) -> str:
        if node is None:
            self.wrong(parent, f"{where} has no prompt", "缺少语音 `prompt`")
            return ""
        name = self.name(node, parent, "prompt", "a prompt")
        if name and not self.has_prompt(name):
            self.wrong(
                node,
                f"there is no prompt {name!r}; add its text to ivr/prompts.yaml and render it",
                f"没有语音 {name!r}；请先录制，或在 ivr/prompts.yaml 加文本并合成",
            )
        return name

    def service(self, node: yaml.Node) -> Service:
        value = node.value if isinstance(node, yaml.ScalarNode) else ""
        if value not in list(Service):
            self.wrong(
                node,
                f"there is no service {value!r}; services are {', '.join(Service)}",
                f"没有业务 {value!r}；可用：{'、'.join(Service)}",
            )
            return Service.COMPLAINT
        return Service(value)

    def number(self, node: yaml.Node | None, default: int, least: int, most: int, key: str) -> int:
        if node is None:
            return default
        text = node.value if isinstance(node, yaml.ScalarNode) else ""
        if not re.fullmatch(r"[0-9]{1,4}", text) or not least <= int(text) <= most:
            self.wrong(
                node, f"`{key}` must be a whole number from {least} to {most}", f"`{key}` 须是 {least} 到 {most} 的整数"
            )
            return default
        return int(text)

    def wrong(self, node: yaml.Node | None, text: str, chinese: str) -> None:
        self.problems.append(Problem(_line(node), text, chinese))


def _line(node: yaml.Node | None) -> int:
    return 1 if node is None else node.start_mark.line + 1


def _loops(found: Menus, lines: dict[str, int]) -> list[Problem]:
    """Menus that no caller reaches, and silence that goes round for ever."""
    problems = []
    reached: set[str] = set()
    frontier = _menus_of(found.start)
    while frontier:
        name = frontier.pop()
        if name not in reached:
            reached.add(name)
            frontier += [target for choice in found.menus[name].choices() for target in _menus_of(choice)]
    for name in found.menus.keys() - reached:
        problems.append(Problem(lines[name], f"no choice leads to menu {name!r}", f"没有任何选择通向菜单 {name!r}"))
    for name in found.menus:
        back = _comes_back(found, name)
        if back is not None:
            text = f"loop without an exit: who presses nothing in menu {name!r} comes back to {back!r} for ever"
            problems.append(
                Problem(
                    lines[name],
                    f"{text}; let `otherwise` lead to a person",
                    f"死循环：在菜单 {name!r} 不按键会一直回到 {back!r}；请让 `otherwise` 转人工",
                )
            )
    return problems


def _menus_of(choice: Choice) -> list[str]:
    return [end.menu for end in ends_of(choice) if isinstance(end, ToMenu)]


def _comes_back(found: Menus, name: str) -> str | None:
    """A menu from which silence, begun in `name`, leads round to itself at some hour; None where it always ends."""
    after: dict[str, set[str]] = {}
    frontier = [name]
    while frontier:
        here = frontier.pop()
        if here not in after:
            after[here] = set(_menus_of(found.menus[here].otherwise))
            frontier += after[here]
    while after:  # take away, again and again, what leads nowhere any more
        done = {menu for menu, following in after.items() if not following}
        if not done:
            return min(after)
        after = {menu: following - done for menu, following in after.items() if menu not in done}
    return None
