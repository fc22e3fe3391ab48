"""`hotline COMMAND …`: finds the command, runs it, and turns every failure into one sentence and an exit status.

0: done. 1: failed. 2: called wrongly. 130: interrupted. Sentences go to standard error; standard output carries
results only.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

from hotline.commands import COMMANDS

USAGE = """\
Usage: hotline [--config FILE] COMMAND [ARGUMENTS]

Complaint and suggestion hotline on Asterisk. `hotline COMMAND --help` says more.

Options:
  --config FILE  Settings file (TOML); also HOTLINE_CONFIG.
  --version      Print the version.
  --help         Print this.

Commands:
"""

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130


def main() -> int:
    """Entry point of the `hotline` program."""
    arguments = sys.argv[1:]
    try:
        return run(arguments)
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; keep the interpreter from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # the last line of defence: no traceback for a user
        if os.environ.get("HOTLINE_DEBUG"):
            raise
        status, sentence = explain(error)
        _say(sentence)
        return status


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status; raises what the command raises."""
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option, *rest = rest
        if option in {"--help", "-h"}:
            width = max(map(len, COMMANDS))
            lines = [f"  {name:<{width}}  {command.help}" for name, command in COMMANDS.items()]
            sys.stdout.write(USAGE + "\n".join(lines) + "\n")
            return 0
        if option == "--version":
            sys.stdout.write(f"hotline {_version()}\n")
            return 0
        if option.startswith("--config"):
            _, equals, value = option.partition("=")
            if not equals and rest:
                value, *rest = rest
            if option not in {"--config", f"--config={value}"} or not value:
                return _wrong("--config needs a file: `hotline --config FILE COMMAND`")
            os.environ["HOTLINE_CONFIG"] = value
            continue
        return _wrong(f"no such option: {option}; `hotline --help` lists them")
    if not rest:
        return _wrong("name a command, such as `hotline doctor`; `hotline --help` lists them")
    name, *rest = rest
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, 1)
        hint = f"did you mean `hotline {near[0]}`?" if near else "`hotline --help` lists them"
        return _wrong(f"no such command: {name!r}; {hint}")
    return _call(name, rest)


def explain(error: BaseException) -> tuple[int, str]:
    """Exit status and sentence for an exception: the command line's own, ours, the system's, or a mistake of ours."""
    told: Callable[[], str] | None = getattr(error, "format_message", None)
    if told is not None:  # typer's usage errors and the like, which carry their own status
        status = int(getattr(error, "exit_code", WRONG_USE))
        return status, f"{told().rstrip('.')}; see `{_path(error)} --help`"
    code = getattr(error, "code", None)
    if isinstance(code, str) and not _is_database(error):
        return (WRONG_USE if code == "usage" else FAILED), str(error)
    if type(getattr(error, "orig", error)).__name__ in {"UndefinedTable", "UndefinedColumn"}:
        return FAILED, "the database lacks this version's tables; run `hotline db upgrade`"
    if _is_database(error):
        cause = str(getattr(error, "orig", error)).strip().split("\n", 1)[0]
        return FAILED, f"the database does not answer or refused: {cause}; is it up? see `hotline doctor`"
    if isinstance(error, OSError) and error.strerror:
        return FAILED, f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return FAILED, (
        f"unexpected {type(error).__name__}: {str(error) or 'no message'}; HOTLINE_DEBUG=1 shows where it happened"
    )


def _call(name: str, arguments: list[str]) -> int:
    # Plain help: rich's boxes cost a third of the start-up time and do not survive a pipe.
    os.environ.setdefault("TYPER_USE_RICH", "0")
    import typer  # noqa: PLC0415 - `hotline --help` does without

    from hotline import logs  # noqa: PLC0415

    logs.configure_for_commands()
    root = typer.Typer(add_completion=False)
    root.callback()(lambda: None)
    _mount(root, name)
    result = typer.main.get_command(root).main([name, *arguments], prog_name="hotline", standalone_mode=False)
    return result if isinstance(result, int) and not isinstance(result, bool) else 0


def _mount(root: Any, name: str) -> None:
    module = importlib.import_module(COMMANDS[name].module)
    app = getattr(module, "app", None)
    if app is None:
        root.command(name)(module.command)
        return
    alone = len(app.registered_commands) == 1 and not app.registered_groups and app.registered_callback is None
    if alone:  # an application of one command is that command
        root.command(name)(app.registered_commands[0].callback)
    else:
        root.add_typer(app, name=name)


def _path(error: BaseException) -> str:
    return getattr(getattr(error, "ctx", None), "command_path", None) or "hotline"


def _is_database(error: BaseException) -> bool:
    return type(error).__module__.split(".", 1)[0] in {"sqlalchemy", "psycopg", "psycopg_pool"}


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415

    return version("hotline")


def _wrong(sentence: str) -> int:
    _say(sentence)
    return WRONG_USE


def _say(sentence: str) -> None:
    sys.stderr.write(f"hotline: {' '.join(sentence.split())}\n")
