"""``migplan doctor``: what a failure left behind on a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def doctor(
    target: Annotated[str | None, typer.Option(help="A target of migplan.toml, or a libpq URL.")] = None,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here.")] = None,
) -> int:
    """Look for interrupted runs, invalid indexes, half-detached partitions and triggers of ours; change nothing.

    Exit status: 0 all is well, at work, or waits for a plan's next window; 2 something is left.
    """
    import contextlib

    from migplan.cli.running import said_options
    from migplan.execute.failures.leftovers import leftovers
    from migplan.execute.operator import open_session
    from migplan.source.configuration.config import read_config

    url = read_config(config).target_url(target)
    with contextlib.closing(open_session(url, "doctor")) as connection:
        found = leftovers(connection, said_options(target, config))
    left = [x for x in found if not x.expected]
    for leftover in left:
        print(f"{leftover.what}\n  -> {leftover.help}")
    if not left:
        print("nothing is left behind")
    for waiting in (x for x in found if x.expected):
        print(f"as it should be for now: {waiting.what}\n  -> {waiting.help}")
    return 2 if left else 0
