"""``migplan apply``: run a plan on a live database up to the next checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from migplan.execute.order import Intent, Reached
    from migplan.planfile.folder import PlanFolder


def apply(
    plan: Annotated[Path, typer.Argument(help="The plan's folder.")],
    target: Annotated[str | None, typer.Option(help="A target of migplan.toml, or a libpq URL.")] = None,
    through: Annotated[
        str | None, typer.Option(metavar="BOUNDARY", help="Stop there: a phase (w0_1_expand) or a window (w0).")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    allow_data_loss: Annotated[bool, typer.Option("--allow-data-loss", help="Run steps that lose data.")] = False,
    allow_drift: Annotated[
        list[str] | None, typer.Option(metavar="OBJECT", help="This may differ from what was proved (repeatable).")
    ] = None,
    assume_deployed: Annotated[
        bool, typer.Option("--assume-deployed", help="Confirm every checkpoint: the application is ready for the end.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=32, help="Connections that fill one table.")] = 1,
    lock_deadline: Annotated[int, typer.Option(min=0, help="Seconds for which a lock is tried for.")] = 600,
    kill_blockers: Annotated[
        str | None, typer.Option(metavar="AGE", help="End sessions in the way whose transaction is older (10min).")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="Whatever the maintenance windows say.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a maintenance window instead of stopping.")] = False,
    despite_preflight: Annotated[
        bool, typer.Option("--despite-preflight", help="Run although something will be in the way.")
    ] = False,
    as_stage: Annotated[
        str | None, typer.Option("--as", metavar="STAGE", help="What this database is: staging, copy, production, …")
    ] = None,
    backup: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Vouch for a backup: which one, where it lies.")
    ] = None,
    max_lag: Annotated[
        int, typer.Option(min=0, help="Seconds of replica lag at which backfills wait; 0 for none.")
    ] = 10,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here.")] = None,
) -> int:
    """Run the next window of a plan, resuming where it stopped; every step is written into the ledger.

    Exit status: 0 the boundary is reached; 1 an error, after which the same command continues; 3 something has to be
    allowed or confirmed first.
    """
    from migplan.cli.manner import demands, hooks, maintenance, pace, seconds
    from migplan.cli.running import TerminalTeller, agree, said_options
    from migplan.execute.apply import apply as run
    from migplan.execute.failures.retry import Patience
    from migplan.execute.journey import stop_named
    from migplan.execute.manner import Manner
    from migplan.execute.order import Order, Permissions
    from migplan.planfile.folder import read_folder
    from migplan.source.configuration.config import read_config

    folder = read_folder(plan)
    configuration = read_config(config)
    url = configuration.target_url(target)
    stage = configuration.stage_of(url, as_stage)
    teller = TerminalTeller()

    def agreed(intent: Intent) -> None:
        agree(intent, yes=yes)
        teller.start(intent.units)

    order = Order(
        url,
        Manner(
            Patience(float(lock_deadline)),
            pace(configuration, workers, max_lag),
            seconds(kill_blockers, "--kill-blockers"),
            maintenance(configuration, now=now, wait=wait),
        ),
        teller,
        agreed,
        Permissions(allow_drift or (), allow_data_loss, False, assume_deployed, despite_preflight, backup),
        stage,
        demands(configuration, stage),
        hooks(configuration),
        said_options(target, config),
    )
    reached = run(folder, order, None if through is None else stop_named(folder.plan, through))
    print(_said(folder, reached, order.said))
    return 0


def _said(folder: PlanFolder, reached: Reached, options: str) -> str:
    from migplan.core.next_command import next_command
    from migplan.execute.journey import stops

    at = f"reached {reached.stop.name}" if reached.ran else f"nothing to do: at {reached.stop.name}"
    if reached.checkpoint is not None:
        number = reached.checkpoint.number
        lines = [f"{at}. Checkpoint {number}: deploy the application now. It must do this from here on:"]
        lines += [f"  - {sentence}" for sentence in reached.checkpoint.contract]
        lines += [f"then: {next_command('confirm', folder.path, number, options)}"]
        lines += [f"      {next_command('apply', folder.path, options)}"]
        return "\n".join(lines)
    if reached.stop == stops(folder.plan)[-1]:
        return f"{at}. The plan is complete; 'migplan diff' says what is left."
    return f"{at}. next: {next_command('apply', folder.path, options)}"
