"""``migplan verify``: prove a plan again, and seal it: after a hand edit, or against a target that moved."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from migplan.planfile.model import PlanModel


def verify(
    plan: Annotated[Path, typer.Argument(help="The plan's folder.")],
    target: Annotated[str | None, typer.Option(help="A target of migplan.toml, or a libpq URL.")] = None,
    schema: Annotated[list[str] | None, typer.Option(help="Declared files, folders, or a database's URL.")] = None,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here.")] = None,
) -> int:
    """Run the plan's files, as they are now, up and down on the shadow; seal them when they hold.

    A plan that has begun to run on the database is refused. Exit status: 0 proved and sealed; 1 an error or a failed
    proof.
    """
    from migplan.cli.inputs import gather
    from migplan.cli.writing import judged_anew, prove_on_shadow, with_outcome
    from migplan.planfile.folder import REVIEW, PlanFolder, read_folder, write_folder
    from migplan.report.closing import closing
    from migplan.report.markdown import markdown

    folder = read_folder(plan, check=False)
    _refuse_begun(folder.plan, target, config)
    inputs = gather(target, schema or [], config=config, offline=folder.plan.offline, planning=False)
    if inputs.before.fingerprint != folder.plan.source.fingerprint:
        print("note: the target is no longer what the plan was made from", file=sys.stderr)
    outcome = prove_on_shadow(inputs, folder.plan, folder.files)
    judged = judged_anew(inputs, with_outcome(folder.plan, outcome), folder.files)
    proved = PlanFolder(folder.path, judged, folder.files)
    written = write_folder(proved.path, proved.plan, proved.files, {REVIEW: markdown(proved)})
    print(closing(written))
    if outcome.proof.error is not None:
        print(f"error: the proof failed at {outcome.proof.step}: {outcome.proof.error}", file=sys.stderr)
        return 1
    return 0


def _refuse_begun(plan: PlanModel, target: str | None, config: Path | None) -> None:
    from migplan.execute.ledger.standing import refuse_begun
    from migplan.source.configuration.config import read_config
    from migplan.source.connect import connect

    with contextlib.closing(connect(read_config(config).target_url(target))) as connection:
        refuse_begun(plan, connection)
