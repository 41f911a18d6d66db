"""``migplan lint``: hand-written migrations, run on a scratch copy of the schema and judged."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from migplan.lint.copies import Copies
    from migplan.source.configuration.config import Config


class Format(StrEnum):
    """How the findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def lint(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Migrations, in the order in which they run.")],
    target: Annotated[
        str | None, typer.Option(help="The database they are for: its schema and sizes are read.")
    ] = None,
    base: Annotated[
        list[str] | None, typer.Option(help="Or SQL files and folders that make the schema before (repeatable).")
    ] = None,
    single_transaction: Annotated[
        bool, typer.Option("--single-transaction", help="Each file runs in one transaction, as many runners do.")
    ] = False,
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.TEXT,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here.")] = None,
) -> int:
    """Run hand-written SQL on a scratch copy of the schema, measure its locks, and say what is dangerous in it.

    Nothing runs on the target. Exit status: 0 nothing dangerous; 1 an error, or a statement fails; 3 a danger that
    nothing allows, or what the policy refuses.
    """
    from migplan.cli.policy import policy_of
    from migplan.lint.copies import with_roles_of
    from migplan.lint.linting import remarks_on
    from migplan.lint.reading import read_migration
    from migplan.report.lint import render_lint
    from migplan.source.configuration.config import read_config
    from migplan.source.text.files import read_sources

    configuration = read_config(config)
    policy = policy_of(configuration)
    migrations = [read_migration(text) for text in read_sources(files)]
    copies = with_roles_of(_copies(target, base or [], configuration), migrations)
    remarks = remarks_on(migrations, copies, policy, single_transaction=single_transaction)
    sys.stdout.write(render_lint(remarks, sum(len(m.statements) for m in migrations), format.value))
    findings = [r.finding for r in remarks if r.finding.allowed is None]
    if any(f.severity == "blocked" for f in findings):
        return 1
    return 3 if any(f.severity == "danger" or f.refused for f in findings) else 0


def _copies(target: str | None, base: list[str], config: Config) -> Copies:
    """What the migrations start from: the files of --base, else the target, else nothing."""
    from migplan.cli.inputs import managed_by, shadow_of
    from migplan.core.errors import ConfigError
    from migplan.lint.copies import copies_of_files, copies_of_target
    from migplan.source.text.files import read_sources

    if target is not None and base:
        raise ConfigError("--target and --base both say where the migrations start", hint="Leave one of them out.")
    url = None if base else config.named_target_url(target)
    shadow = shadow_of(url, config)
    managed = managed_by(config, shadow)
    if url is not None:
        return copies_of_target(url, shadow, managed, config.settings())
    return copies_of_files(read_sources(base) if base else [], shadow, managed, config.settings())
