"""``migplan export``: a plan's window as files of other migration runners."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from migplan.report.export import Exported


class Format(StrEnum):
    """The runner."""

    SQL = "sql"
    FLYWAY = "flyway"
    GOOSE = "goose"
    SQITCH = "sqitch"
    SUPABASE = "supabase"


def export(
    plan: Annotated[Path, typer.Argument(help="The plan's folder.")],
    format: Annotated[Format, typer.Option(help="The runner; sql is one script a direction, for psql.")] = Format.SQL,
    window: Annotated[
        int, typer.Option(min=0, help="A runner knows no checkpoints: export the next one after it.")
    ] = 0,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the runner's files lie.")] = Path(),
) -> int:
    """Write one window of a plan for Flyway, goose, Sqitch, Supabase or psql. Nothing that exists is written over.

    Exit status: 0 written; 1 an error.
    """
    from migplan.core.next_command import next_command
    from migplan.planfile.folder import read_folder
    from migplan.report.export import before_next
    from migplan.report.export import export as exported

    folder = read_folder(plan)
    if folder.plan.proof.status != "proved":
        print(f"note: the plan was not proved ({folder.plan.proof.reason})", file=sys.stderr)
    found = exported(folder, format.value, window)
    for name in _write(found, out):
        print(out / name)
    for sentence in found.by_hand:
        print(f"by hand: {sentence}", file=sys.stderr)
    if contract := before_next(folder, window):
        print("then deploy the application. From there on:")
        for sentence in contract:
            print(f"  - {sentence}")
        options = f"--format {format.value} --window {window + 1} --out {shlex.quote(str(out))}"
        print(f"next: {next_command('export', plan, options)}")
    return 0


def _write(found: Exported, out: Path) -> list[str]:
    """The names of the files, all of them new. Raises ``PlanFileError`` before anything is written."""
    from migplan.core.errors import PlanFileError

    if there := [name for name in found.files if (out / name).exists()]:
        raise PlanFileError(f"{out / there[0]} exists", hint="Remove it, or choose another --out.")
    try:
        for name, text in found.files.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(text, encoding="utf-8", newline="\n")
        for name, lines in found.appended.items():
            with (out / name).open("a", encoding="utf-8", newline="\n") as file:
                file.write(lines)
    except OSError as error:
        for name in found.files:
            (out / name).unlink(missing_ok=True)
        raise PlanFileError(f"can't write to {out}: {error.strerror}", hint="Nothing was left behind.") from error
    return [*found.files, *found.appended]
