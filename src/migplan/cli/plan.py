"""``migplan plan``: write a phased plan, proved on the shadow."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from migplan.planfile.folder import PlanFolder
    from migplan.planning.plan import Draft


def plan(
    target: Annotated[str | None, typer.Option(help="A target of migplan.toml, or a libpq URL.")] = None,
    schema: Annotated[
        list[str] | None, typer.Option(help="Declared files, folders, or a database's URL (repeatable).")
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="SLUG", help="What the plan is about.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="The plan's folder itself.")] = None,
    no_prove: Annotated[bool, typer.Option("--no-prove", help="Don't prove the plan on the shadow.")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Nobody uses the database: plain DDL, one window.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="What isn't modelled is an error.")] = False,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here or above.")] = None,
) -> int:
    """Write the plan's folder: phased up and down SQL, plan.json, review.md; proved unless told otherwise.

    Exit status: 0 written, or nothing differs; 1 an error or a failed proof; 3 the plan is blocked, or the policy of
    migplan.toml refuses it.
    """
    from migplan.cli.inputs import gather
    from migplan.cli.unmodelled import refuse_unmodelled
    from migplan.cli.writing import write
    from migplan.planfile.folder import refuse_to_replace

    if out is not None:
        refuse_to_replace(out)
    inputs = gather(target, schema or [], config=config, offline=offline)
    if strict:
        refuse_unmodelled(inputs.before, inputs.after)
    drafted = inputs.draft()
    if not drafted.changes and not drafted.renames:
        print("no difference")
        return 0
    created = datetime.now(UTC)
    slug = _slug(name or _named_after(drafted))
    folder = out or inputs.config.resolve(inputs.config.plans) / f"{created:%Y%m%dT%H%M%S}_{slug}"
    written = write(inputs, drafted, folder, slug, created, prove=not no_prove)
    return _verdict(written)


def _verdict(written: PlanFolder) -> int:
    from migplan.report.closing import closing

    print(closing(written))
    proof = written.plan.proof
    blocked = [f for f in written.plan.findings if f.severity == "blocked"]
    if blocked:
        for finding in blocked:
            print(f"blocked: {finding.message}", file=sys.stderr)
        return 3
    if proof.error is not None:
        print(f"error: the proof failed at {proof.step}: {proof.error}", file=sys.stderr)
        return 1
    refused = [f for f in written.plan.findings if f.refused]
    for finding in refused:
        print(f"refused by policy: {finding.rule}: {finding.message}", file=sys.stderr)
    return 3 if refused else 0


def _named_after(drafted: Draft) -> str:
    """The object that most changes speak of."""
    first = drafted.renames[0].new if drafted.renames else drafted.changes[0].id
    return "_".join(first.path[1:2] or first.path)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:60] or "plan"
