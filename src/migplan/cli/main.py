"""The command ``migplan``: typer, one command a file, each imported only when it is called."""

from __future__ import annotations

import gc
import importlib
import sys
from typing import Any, Final

COMMANDS: Final = {
    "demo": "Try everything on a sample shop: an embedded PostgreSQL, a diff, a plan, its review.",
    "init": "Write migplan.toml and schema files, from a database that exists or empty.",
    "inspect": "Print a database or declared files: as a tree, SQL, JSON or a diagram.",
    "diff": "Say what differs between the declared schema and the database, and how it would be phased.",
    "plan": "Write a plan: phased up and down SQL, proved on a shadow database.",
    "review": "Explain a plan: what changes, what to read first, every step, what was proved.",
    "verify": "Prove a plan again: after a hand edit, or against a target that moved.",
    "drift": "Say what was changed on a database behind the declaration's, or a plan's, back.",
    "lint": "Judge hand-written migrations: run on a copy of the schema, measured.",
    "approve": "Sign a plan off; an edit makes the sign-off void.",
    "export": "Write a plan for Flyway, goose, Sqitch, Supabase or psql.",
    "rehearse": "Run a plan on a filled scratch server under traffic: stalls, errors, lost writes.",
    "apply": "Run a plan on the live database up to the next checkpoint; resumes where it stopped.",
    "confirm": "Say that the application which a checkpoint asks for is deployed.",
    "rollback": "Lead the database back to an earlier boundary of a plan.",
    "status": "Say where every plan on a database stands.",
    "pause": "Let a plan's backfills wait.",
    "resume": "Let a plan's backfills go on.",
    "doctor": "Say what a failure left behind, and what to do about it.",
}


def main() -> None:
    """The entry point of the console script.

    Nobody collects garbage: a catalog is a million objects without a cycle, and a process lives for one command.
    """
    from migplan.cli.endings import leave_at_once, on_termination_signals, tolerate_narrow_encodings

    status: list[int] = []
    leave_at_once(status)
    on_termination_signals()
    tolerate_narrow_encodings()
    gc.disable()
    status.append(run(sys.argv[1:]))
    sys.exit(status[0])


def run(arguments: list[str]) -> int:
    """Run the command line and give its exit status. However it ends, no stack trace is shown."""
    try:
        status = _dispatch(arguments)
        if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison] - None where it was closed
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        from migplan.cli.endings import ending

        return ending(error)
    return status


def _dispatch(arguments: list[str]) -> int:
    if arguments[:1] in (["--help"], ["-h"], []):
        print(_overview())
        return 0
    if arguments[0] == "--version":
        import migplan

        print(f"migplan {migplan.__version__}")
        return 0
    if arguments[0] not in COMMANDS:
        print(f"error: there is no command {arguments[0]!r}", file=sys.stderr)
        print(f"hint: {_suggestion(arguments[0])}", file=sys.stderr)
        return 1
    return _command(arguments[0], arguments[1:])


def _command(name: str, arguments: list[str]) -> int:
    import typer
    from typer.main import get_command

    module = importlib.import_module(f"migplan.cli.{name}")
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(name)(getattr(module, name))
    command: Any = get_command(app)
    try:
        with command.make_context(f"migplan {name}", arguments) as context:
            status = command.invoke(context)
    except typer.Exit as exit:
        return exit.exit_code
    except Exception as error:
        return _usage_error(error)
    return status if isinstance(status, int) else 0


def _usage_error(error: Exception) -> int:
    """What typer says of unknown options and missing arguments; everything else goes on.

    Typer carries a click of its own, so its usage errors are known by what they can do.
    """
    message = getattr(error, "format_message", None)
    if message is None:
        raise error
    print(f"error: {message().replace('Value error, ', '')}", file=sys.stderr)
    print("hint: --help lists the options", file=sys.stderr)
    return 1


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            "Usage: migplan COMMAND [OPTIONS]",
            "",
            "Declare the PostgreSQL schema you want; get a phased, proved plan that keeps both versions of the",
            "application working.",
            "",
            "Commands:",
            *lines,
            "",
            "'migplan COMMAND --help' explains one. Exit status: 0 done or no difference, 1 error, 2 differences",
            "(diff --exit-code, drift), 3 the plan is blocked or a policy refuses.",
        ]
    )


def _suggestion(word: str) -> str:
    import difflib

    close = difflib.get_close_matches(word, COMMANDS, n=1)
    return f"Did you mean 'migplan {close[0]}'?" if close else "'migplan --help' lists the commands."
