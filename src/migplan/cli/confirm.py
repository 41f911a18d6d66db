"""``migplan confirm``: the application that a checkpoint asks for is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def confirm(
    plan: Annotated[Path, typer.Argument(help="The plan's folder.")],
    number: Annotated[int, typer.Argument(help="The checkpoint's number.")],
    target: Annotated[str | None, typer.Option(help="A target of migplan.toml, or a libpq URL.")] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who says so; else user@host.")] = None,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here.")] = None,
) -> int:
    """Write into the ledger that the deploy happened everywhere, so that the next window may run."""
    import contextlib

    from migplan.cli.running import said_options
    from migplan.core.next_command import next_command
    from migplan.execute.apply import confirm as confirm_checkpoint
    from migplan.execute.operator import open_session
    from migplan.planfile.folder import read_folder
    from migplan.source.configuration.config import read_config

    folder, said = read_folder(plan), said_options(target, config)
    url = read_config(config).target_url(target)
    with contextlib.closing(open_session(url, "confirm")) as connection:
        contract = confirm_checkpoint(folder, connection, number, by, said)
    print(f"checkpoint {number} is confirmed:")
    for sentence in contract:
        print(f"  - {sentence}")
    print(f"next: {next_command('apply', plan, said)}")
    return 0
