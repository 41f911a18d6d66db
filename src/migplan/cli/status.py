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

    from migplan.execute.change_logs import logs
    from migplan.execute.operator import holder, open_session
    from migplan.execute.standing import fills, plans
    from migplan.source.config import read_config

    url = read_config(config).target_url(target)
    with contextlib.closing(open_session(url, "status")) as connection:
        found = plans(connection)
        if not found:
            print("no plan has run on this database")
        for plan in found:
            print(
                f"{plan.id}: {plan.applied} of {plan.steps} steps applied,"
                f" {plan.confirmed} of {plan.checkpoints} checkpoints confirmed{', paused' * plan.paused}"
            )
            if plan.started is not None:
                when = f"{plan.started:%Y-%m-%d %H:%M:%S %Z}"
                print(f"  last run: {plan.direction} by {plan.operator}, {when}, {plan.outcome}")
            if plan.error:
                print(f"  error: {plan.error}")
            for fill in fills(connection, plan.id):
                ended = "done" if fill.finished else "under way"
                print(
                    f"  {fill.step}: {fill.rows:,} rows read, {fill.changed:,} changed, {fill.rate:,} a second, {ended}"
                )
        for log, size in logs(connection):
            print(f"change log {log}: {size} to be replayed; 'migplan apply' does so while the plan waits for a deploy")
        working = holder(connection)
        if working is not None:
            print(f"at work: {working}")
    return 0
