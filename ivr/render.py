"""Menus as dialplan."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping

from ivr.dialplan import checked, tell
from ivr.hours import Hours, Span
from ivr.menu import CallBack, Choice, HangUp, Menu, Menus, Say, Service, ToMenu, ToMessageBox, ToPerson, When

NOTICE = "recording-notice"
"""Beginning of the names of prompts that tell the caller of the recording (D66)."""
Sound = Callable[[str], str]
_SPOKEN = {"*": "star", "#": "hash"}
"""Keys in the detail of an event, which has no room for signs."""


def render_menus(live: int, versions: Mapping[int, Menus], sound: Sound) -> str:
    """`menus.conf`: new callers are greeted by version `live`, callers inside another version finish in it.

    A version's contexts carry its number, so that applying another changes no line that a caller may stand on.
    """
    door = f"[hl-greeting]\nexten => s,1,Goto(hl-v{live}-greeting,s,1)\n"
    return "\n".join([door, *(render_version(number, menus, sound) for number, menus in sorted(versions.items()))])


def render_version(number: int, menus: Menus, sound: Sound) -> str:
    """One context `ivr-v<number>-<menu>` each; `sound` gives a prompt's path as Asterisk sees it.

    Keys work while a prompt is being said. `HL_STEPS` counts menus and keys, so that no sequence of them is endless.
    """
    drawn = _Version(number, menus, sound)
    return "\n".join([drawn.greeting(), drawn.start(), *(drawn.menu(menu) for menu in menus.menus.values())])


class _Version:
    def __init__(self, number: int, menus: Menus, sound: Sound) -> None:
        self.number = number
        self.menus = menus
        self._sound = sound
        self._labels = itertools.count(1)

    def sound(self, prompt: str) -> str:
        return str(checked(self._sound(prompt)))

    def greeting(self) -> str:
        """A key pressed early is not lost, and no caller misses that the call is recorded."""
        onward = ["Set(HL_SCOPE=all)", f"Set(HL_GO=hl-v{self.number}-start)", "Goto(hl-news,s,1)"]
        lines = [f"[hl-v{self.number}-greeting]", "exten => s,1,Set(HL_KEY=)"]
        lines += [f" same => n,Background({self.sound(prompt)})" for prompt in self.menus.greeting]
        lines += self._noticed(self.menus.greeting)
        lines += [f" same => n,{line}" for line in onward]
        lines += ["exten => _[0-9*#],1,Set(HL_KEY=${EXTEN})"]
        lines += [f" same => n,Playback({self.sound(prompt)})" for prompt in self.menus.greeting_in_brief]
        lines += self._noticed(self.menus.greeting_in_brief)
        lines += [f" same => n,Goto(hl-v{self.number}-start,s,1)"]
        return "\n".join(lines) + "\n"

    def _noticed(self, prompts: Iterable[str]) -> list[str]:
        """That the caller heard the notice to its end stands on the time line: who stays has agreed to be recorded."""
        notice = next((prompt for prompt in prompts if prompt.startswith(NOTICE)), None)
        return [f" same => n,Gosub(hl-noticed,s,1(v{self.number} {checked(notice)}))"] if notice else []

    def start(self) -> str:
        return "\n".join([f"[hl-v{self.number}-start]", "exten => s,1,NoOp()", *self._follow(self.menus.start)]) + "\n"

    def menu(self, menu: Menu) -> str:
        context = f"ivr-v{self.number}-{checked(menu.name)}"
        bound = f"GotoIf($[${{HL_STEPS}} > {self.menus.most_steps}]?enough,1)"
        step = "Set(HL_STEPS=$[${HL_STEPS} + 1])"
        lines = [
            f"[{context}]",
            "exten => s,1,Set(HL_TRIES=0)",
            # A key pressed during the greeting or an announcement counts here.
            ' same => n,GotoIf($["${HL_KEY}" = ""]?again)',
            " same => n,Set(HL_EARLY=${HL_KEY})",
            " same => n,Set(HL_KEY=)",
            f" same => n,GotoIf(${{DIALPLAN_EXISTS({context},${{HL_EARLY}},1)}}?${{HL_EARLY}},1)",
            f" same => n(again),{step}",
            f" same => n,{bound}",
            f" same => n,Background({self.sound(menu.prompt)})",
            f" same => n,WaitExten({menu.wait_seconds},m(quiet))",
        ]
        for digit, choice in sorted(menu.keys.items()):
            lines += [f"exten => {digit},1,{step}", f" same => n,{bound}"]
            lines += [tell("menu", f"{menu.name}:{_SPOKEN.get(digit, digit)}"), *self._follow(choice)]
        lines += [
            # Silence and a wrong key: another word to the caller, another to whoever reads the call's time line.
            "exten => t,1,Set(HL_MISS=none)",
            " same => n,Goto(missed,1)",
            "exten => i,1,Set(HL_MISS=wrong)",
            " same => n,Goto(missed,1)",
            "exten => missed,1,Set(HL_TRIES=$[${HL_TRIES} + 1])",
            f" same => n,GotoIf($[${{HL_TRIES}} >= {menu.tries}]?last,1)",
            ' same => n,GotoIf($["${HL_MISS}" = "wrong"]?wrong)',
            f" same => n,Background({self.sound('no-key')})",
            " same => n,Goto(s,again)",
            f" same => n(wrong),Background({self.sound('invalid-key')})",
            " same => n,Goto(s,again)",
            f"exten => last,1,{step}",
            tell("menu", f"{menu.name}:${{HL_MISS}}"),
            *self._follow(menu.otherwise),
            f"exten => enough,1,Set(HL_SERVICE={Service.COMPLAINT})",
            " same => n,Goto(acd-hold,s,1)",
        ]
        return "\n".join(lines) + "\n"

    def _follow(self, choice: Choice) -> Iterator[str]:
        match choice:
            case Say(prompt=prompt, then=then):
                yield f" same => n,Background({self.sound(prompt)})"
                yield from self._follow(then)
            case When(hours=hours, then=then, otherwise=otherwise):
                label = f"w{next(self._labels)}"
                yield " same => n,Gosub(hl-day,s,1)"
                yield f" same => n,GotoIf($[{open_expression(self.menus.hours[hours])}]?{label})"
                yield from self._follow(otherwise)
                yield f" same => n({label}),NoOp()"
                yield from self._follow(then)
            case ToPerson(service=service, if_nobody=instead):
                label = f"w{next(self._labels)}"
                if instead is not None:
                    yield f' same => n,GotoIf($["${{GLOBAL(HL_PRESENT)}}" = "0"]?{label})'
                yield f" same => n,Set(HL_SERVICE={service})"
                yield " same => n,Goto(hl-person,s,1)"
                if instead is not None:
                    yield f" same => n({label}),NoOp()"
                    yield from self._follow(instead)
            case ToMenu(menu=name):
                yield f" same => n,Goto(ivr-v{self.number}-{checked(name)},s,1)"
            case ToMessageBox():
                yield " same => n,Goto(acd-voicemail,s,1)"
            case CallBack():
                yield " same => n,Goto(acd-callback,s,1)"
            case HangUp():
                yield " same => n,Set(HL_STATE=done)"
                yield f" same => n,Playback({self.sound('thanks')})"
                yield " same => n,Hangup()"


def open_expression(hours: Hours) -> str:
    """An expression on what hl-day has set; a leading 1 keeps `0830` from being anything but a number."""
    return f"(${{HL_WORKDAY}} & ({_within(hours.workdays)})) | (!${{HL_WORKDAY}} & ({_within(hours.days_off)}))"


def _within(spans: tuple[Span, ...]) -> str:
    parts = [f"(${{HL_TIME}} >= {_clock(span.start)} & ${{HL_TIME}} < {_clock(span.end)})" for span in spans]
    return " | ".join(parts) or "0"


def _clock(minute: int) -> str:
    return f"1{minute // 60:02d}{minute % 60:02d}"
