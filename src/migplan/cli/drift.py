"""``migplan drift``: what of the live database is no longer as it was declared, or as a plan left it."""

from __future__ import annotations

import contextlib
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT_VERSION = 1


class Format(StrEnum):
    """How it is printed."""

    TEXT = "text"
    JSON = "json"


def drift(
    plan: Annotated[Path | None, typer.Argument(help="A plan's folder: what it touches, as it was proved.")] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="BOUNDARY", help="Of the plan: start, a phase (w0_1_expand), a window (w0); else where it is."
        ),
    ] = None,
    target: Annotated[str | None, typer.Option(help="A target of migplan.toml, or a libpq URL.")] = None,
    schema: Annotated[
        list[str] | None, typer.Option(help="Declared files, folders, or a database's URL (repeatable).")
    ] = None,
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.TEXT,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here.")] = None,
) -> int:
    """Say what was changed on the database behind the declaration's back; with a plan, behind the plan's.

    Exit status: 0 nothing; 1 an error; 2 there is drift.
    """
    from migplan.core.wording import counted

    found = _of_plan(plan, at, target, config) if plan is not None else _of_declaration(target, schema, config)
    if format is Format.JSON:
        items = [{"object": object, "is": how} for object, how in found]
        sys.stdout.write(json.dumps({"format_version": FORMAT_VERSION, "drift": items}, indent=2) + "\n")
    elif not found:
        print("no drift")
    else:
        print(f"{counted(len(found), 'object')} of the database {'is' if len(found) == 1 else 'are'} otherwise:")
        for object, how in found:
            print(f"  {object} is {how}")
        print(_next(plan))
    return 2 if found else 0


def _of_declaration(target: str | None, schema: list[str] | None, config: Path | None) -> Sequence[tuple[str, str]]:
    from migplan.cli.inputs import gather
    from migplan.core.changes import Alter, Create

    inputs = gather(target, schema or [], config=config, offline=False)
    drafted = inputs.draft()
    found = [(str(r.new), f"still called {r.old.name}") for r in drafted.renames]
    for change in drafted.changes:
        match change:
            case Create():
                how = "missing"
            case Alter(_, _, fields):
                how = f"changed: {', '.join(sorted(f.replace('_', ' ') for f in fields))}"
            case _:
                how = "unexpected"
        found.append((str(change.id), how))
    return found


def _of_plan(plan: Path, at: str | None, target: str | None, config: Path | None) -> Sequence[tuple[str, str]]:
    """Held against a boundary as the proof saw it: where the ledger says that the plan stands, unless one is named."""
    from migplan.execute.beforehand.drift import drift as drift_from
    from migplan.execute.beforehand.drift import sighted
    from migplan.execute.journey import stop_named
    from migplan.execute.ledger.standing import boundary_of
    from migplan.planfile.folder import read_folder
    from migplan.source.configuration.config import read_config
    from migplan.source.connect import connect

    folder = read_folder(plan)
    with contextlib.closing(connect(read_config(config).target_url(target))) as connection:
        stop = boundary_of(folder.plan, connection) if at is None else stop_named(folder.plan, at)
        print(f"held against the boundary {stop.name}", file=sys.stderr)
        return [(d.object, d.how) for d in drift_from(folder.plan, sighted(folder.plan, connection), stop.phases)]


def _next(plan: Path | None) -> str:
    from migplan.core.next_command import next_command

    if plan is not None:
        verify = next_command("verify", plan)
        return (
            f"next: undo that, or plan anew from what is there; {verify} proves a plan that hasn't begun on the"
            " database as it is now"
        )
    return "next: migplan plan leads back to the declaration; or declare what is there (migplan inspect --format sql)"
