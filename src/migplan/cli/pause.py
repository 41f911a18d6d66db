"""``migplan pause``: let a plan's backfills wait, from another terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def pause(
    plan: Annotated[Path, typer.Argument(help="The plan's folder.")],
    target: Annotated[str | None, typer.Option(help="A target of migplan.toml, or a libpq URL.")] = None,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here.")] = None,
) -> int:
    """Backfills stop after the batch that they are at, and wait until 'migplan resume'."""
    set_pause(plan, target, config, waiting=True)
    print("paused: the backfills wait after their present batch")
    return 0


def set_pause(plan: Path, target: str | None, config: Path | None, *, waiting: bool) -> None:
    """Write the wish into the ledger. Raises ``ExecutionError`` where the plan has not run on this database."""
    import contextlib

    from migplan.cli.running import said_options
    from migplan.core.errors import ExecutionError
    from migplan.core.next_command import next_command
    from migplan.execute.ledger.ledger import Ledger, installed, operator_name, plan_id
    from migplan.execute.operator import open_session
    from migplan.planfile.folder import read_folder
    from migplan.source.configuration.config import read_config

    folder = read_folder(plan)
    url = read_config(config).target_url(target)
    with contextlib.closing(open_session(url, "pause")) as connection:
        begin = next_command("apply", plan, said_options(target, config))
        ledger = Ledger(connection, plan_id(folder.plan))
        if not installed(connection) or not ledger.pause(operator_name() if waiting else None):
            raise ExecutionError("this plan has not run on this database", hint=f"Begin with '{begin}'.")
