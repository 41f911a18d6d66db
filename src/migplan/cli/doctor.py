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

    Exit status: 0 all is well; 2 something is left.
    """
    import contextlib

    from migplan.execute.operator import open_session
    from migplan.execute.standing import leftovers
    from migplan.source.config import read_config

    url = read_config(config).target_url(target)
    with contextlib.closing(open_session(url, "doctor")) as connection:
        found = leftovers(connection)
    for leftover in found:
        print(f"{leftover.what}\n  -> {leftover.help}")
    if not found:
        print("nothing is left behind")
    return 2 if found else 0
