"""What a stage demands of a plan before it runs there: earlier stages, an approval, an attested backup."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.errors import BlockedError
from migplan.core.next_command import next_command
from migplan.core.records import record
from migplan.execute.journey import Stop
from migplan.planfile.approval import approval
from migplan.planfile.folder import PlanFolder
from migplan.planfile.trials import Trials, trials_of


@record
class Demands:
    """A stage of migplan.toml: the stages ``after`` which it comes, and what has to be vouched for."""

    after: tuple[str, ...] = ()
    approval: bool = False
    backup: bool = False


def refuse_unready(folder: PlanFolder, stage: str | None, demands: Demands, goal: Stop) -> None:
    """Raises ``BlockedError`` with everything that is missing before the plan may run up to ``goal`` there."""
    missing = list(_missing(folder, trials_of(folder), demands, goal))
    if missing:
        listed = "\n".join(f"  {what}" for what in missing)
        raise BlockedError(f"{stage} demands more of this plan:\n{listed}", hint="migplan.toml says so: [stages].")


def _missing(folder: PlanFolder, known: Trials, demands: Demands, goal: Stop) -> Iterable[str]:
    for stage in demands.after:
        reached = known.reached(stage)
        if reached is None:
            yield f"it has not run on {stage}: {next_command('apply', folder.path, '--as', stage, '--target …')}"
        elif reached.phases < goal.phases:
            yield f"on {stage} it only came to {reached.boundary}, not to {goal.name}"
    if demands.approval and approval(folder) is None:
        yield f"nobody has approved it: {next_command('approve', folder.path, '--by NAME')}"
    if demands.backup and not known.backups:
        yield "nobody has vouched for a backup: --backup 'which one, where'"
