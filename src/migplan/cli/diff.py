"""``migplan diff``: what differs, and how it would be phased; nothing is written."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How the difference is printed."""

    TEXT = "text"
    SQL = "sql"
    JSON = "json"
    MARKDOWN = "markdown"


def diff(
    target: Annotated[str | None, typer.Option(help="A target of migplan.toml, or a libpq URL.")] = None,
    schema: Annotated[
        list[str] | None, typer.Option(help="Declared files, folders, or a database's URL (repeatable).")
    ] = None,
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.TEXT,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 2 when something differs.")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Nobody uses the database: plain DDL, one window.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="What isn't modelled is an error.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say too where columns stand in another order.")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here or above.")] = None,
) -> int:
    """Compare the declared schema with the database."""
    from migplan.cli.inputs import gather
    from migplan.cli.unmodelled import note_unmodelled, refuse_unmodelled
    from migplan.report.diff_text import render_diff

    inputs = gather(target, schema or [], config=config, offline=offline, remembering=True)
    (refuse_unmodelled if strict else note_unmodelled)(inputs.before, inputs.after)
    drafted = inputs.draft()
    sys.stdout.write(render_diff(drafted, inputs.settings, format.value))
    if verbose:
        from migplan.report.column_order import column_order

        for line in column_order(inputs.renamed.before, inputs.after):
            print(line, file=sys.stderr)
    sys.stdout.flush()
    inputs.live.remember()
    return 2 if exit_code and (drafted.changes or drafted.renames) else 0
