"""``migplan status``: where every plan on a database stands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def status(
    target: Annotated[str | None, typer.Option(help="A target of migplan.toml, or a libpq URL.")] = None,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here.")] = None,
) -> int:
    """Read the ledger: plans, steps, checkpoints, backfills, who works now."""
    import contextlib

    from migplan.cli.running import said_options
    from migplan.execute.backfills.change_logs import logs
    from migplan.execute.ledger.standing import fills, plans
    from migplan.execute.operator import holder, open_session
    from migplan.source.configuration.config import read_config

    url = read_config(config).target_url(target)
    with contextlib.closing(open_session(url, "status")) as connection:
        found = plans(connection, said_options(target, config))
        if not found:
            print("no plan has run on this database")
        working = holder(connection)
        for plan in found:
            print(
                f"{plan.id}: {plan.applied} of {plan.steps} steps applied,"
                f" {plan.confirmed} of {plan.checkpoints} checkpoints confirmed{', paused' * plan.paused}"
            )
            how = plan.ended(at_work=working is not None)
            if plan.started is not None:
                when = f"{plan.started:%Y-%m-%d %H:%M:%S %Z}"
                print(f"  last run: {plan.direction} by {plan.operator}, {when}, {how}")
            if plan.error and plan.error != how:
                print(f"  error: {plan.error}")
            for fill in fills(connection, plan.id):
                ended = "done" if fill.finished else "under way" if how == "running" else "not finished"
                print(
                    f"  {fill.step}: {fill.rows:,} rows read, {fill.changed:,} changed, {fill.rate:,} a second, {ended}"
                )
            if plan.next and (plan.paused or how != "running"):
                deployed = "" if plan.waits_for is None else "once the application is deployed, "
                print(f"  next: {deployed}{plan.next}")
        for log, size in logs(connection):
            print(f"change log {log}: {size} to be replayed; 'migplan apply' does so while the plan waits for a deploy")
        if working is not None:
            print(f"at work: {working}")
    return 0
