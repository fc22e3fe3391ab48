"""Menus as dialplan."""

from __future__ import annotations

from collections.abc import Callable

from ivr.dialplan import checked
from ivr.menu import Choice, HangUp, Menu, Menus, Say, Service, ToMenu, ToMessageBox, ToPerson, path


def render_menus(menus: Menus, sound: Callable[[str], str]) -> str:
    """`menus.conf`: one context `ivr-<menu>` each; `sound` gives a prompt's path as Asterisk sees it.

    Keys work while a prompt is being said. `HL_STEPS` counts menus and keys, so that no sequence of them is endless.
    """
    return "\n".join([_greeting(menus, sound), *(_context(menu, menus, sound) for menu in menus.menus.values())])


def _greeting(menus: Menus, sound: Callable[[str], str]) -> str:
    """A key pressed early is not lost, and no caller misses that the call is recorded."""
    start = f"ivr-{checked(menus.start)}"
    lines = ["[hl-greeting]", "exten => s,1,NoOp()"]
    lines += [f" same => n,Background({checked(sound(prompt))})" for prompt in menus.greeting]
    lines += [f" same => n,Goto({start},s,1)", "exten => _[0-9*#],1,Set(HL_KEY=${EXTEN})"]
    lines += [f" same => n,Playback({checked(sound(prompt))})" for prompt in menus.greeting_in_brief]
    exists = f"${{DIALPLAN_EXISTS({start},${{HL_KEY}},1)}}"
    lines += [f" same => n,GotoIf({exists}?{start},${{HL_KEY}},1:{start},s,1)"]
    return "\n".join(lines) + "\n"


def _context(menu: Menu, menus: Menus, sound: Callable[[str], str]) -> str:
    bound = f"GotoIf($[${{HL_STEPS}} > {menus.most_steps}]?enough,1)"
    step = "Set(HL_STEPS=$[${HL_STEPS} + 1])"
    lines = [
        f"[ivr-{checked(menu.name)}]",
        "exten => s,1,Set(HL_TRIES=0)",
        f" same => n(again),{step}",
        f" same => n,{bound}",
        f" same => n,Background({checked(sound(menu.prompt))})",
        f" same => n,WaitExten({menu.wait_seconds},m(quiet))",
    ]
    for digit, choice in sorted(menu.keys.items()):
        lines += [f"exten => {digit},1,{step}", f" same => n,{bound}", *_follow(choice, sound)]
    lines += [
        "exten => t,1,Set(HL_TRIES=$[${HL_TRIES} + 1])",
        f" same => n,GotoIf($[${{HL_TRIES}} < {menu.tries}]?s,again)",
        *_follow(menu.otherwise, sound),
        f"exten => i,1,Background({checked(sound('invalid-key'))})",
        " same => n,Goto(t,1)",
        f"exten => enough,1,Set(HL_SERVICE={Service.COMPLAINT})",
        " same => n,Goto(acd-hold,s,1)",
    ]
    return "\n".join(lines) + "\n"


def _follow(choice: Choice, sound: Callable[[str], str]) -> list[str]:
    lines: list[str] = []
    for stage in path(choice):
        match stage:
            case Say(prompt=prompt):
                lines.append(f"Background({checked(sound(prompt))})")
            case ToPerson(service=service):
                lines += [f"Set(HL_SERVICE={service})", "Goto(acd-hold,s,1)"]
            case ToMenu(menu=name):
                lines.append(f"Goto(ivr-{checked(name)},s,1)")
            case ToMessageBox():
                lines.append("Goto(acd-voicemail,s,1)")
            case HangUp():
                lines += ["Set(HL_STATE=done)", f"Playback({checked(sound('thanks'))})", "Hangup()"]
    return [f" same => n,{line}" for line in lines]
