"""``migplan rollback``: lead a database back to an earlier boundary of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from migplan.execute.order import Intent


def rollback(
    plan: Annotated[Path, typer.Argument(help="The plan's folder.")],
    target: Annotated[str | None, typer.Option(help="A target of migplan.toml, or a libpq URL.")] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="BOUNDARY", help="start, a phase or a window; else where the present window began."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    accept_irreversible: Annotated[
        bool, typer.Option("--accept-irreversible", help="Go back although some things don't come back.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=32, help="Connections that fill one table.")] = 1,
    max_lag: Annotated[
        int, typer.Option(min=0, help="Seconds of replica lag at which backfills wait; 0 for none.")
    ] = 10,
    lock_deadline: Annotated[int, typer.Option(min=0, help="Seconds for which a lock is tried for.")] = 600,
    kill_blockers: Annotated[
        str | None, typer.Option(metavar="AGE", help="End sessions in the way whose transaction is older (10min).")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here.")] = None,
) -> int:
    """Undo what has run, from wherever the plan stands, also in the middle of a phase or after a failure.

    Exit status: 0 the boundary is reached; 1 an error, after which the same command continues; 3 something has to be
    accepted first.
    """
    from migplan.cli.manner import hooks, pace, seconds
    from migplan.cli.running import TerminalTeller, agree, said_options
    from migplan.core.next_command import next_command
    from migplan.execute.apply import rollback as run
    from migplan.execute.failures.retry import Patience
    from migplan.execute.journey import stop_named
    from migplan.execute.manner import Manner
    from migplan.execute.order import Order, Permissions
    from migplan.planfile.folder import read_folder
    from migplan.source.configuration.config import read_config

    folder = read_folder(plan)
    configuration = read_config(config)
    url = configuration.target_url(target)
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
        ),
        teller,
        agreed,
        Permissions(irreversible=accept_irreversible),
        configuration.stage_of(url, None),
        hooks=hooks(configuration),
        said=said_options(target, config),
    )
    reached = run(folder, order, None if to is None else stop_named(folder.plan, to))
    print(f"back at {reached.stop.name}" if reached.ran else f"nothing to undo: at {reached.stop.name}")
    if reached.stop.phases:
        print(f"further back: {next_command('rollback', plan, order.said)}")
        print(f"forwards again: {next_command('apply', plan, order.said)}")
    return 0
