"""``migplan resume``: let a plan's backfills go on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def resume(
    plan: Annotated[Path, typer.Argument(help="The plan's folder.")],
    target: Annotated[str | None, typer.Option(help="A target of migplan.toml, or a libpq URL.")] = None,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here.")] = None,
) -> int:
    """End a pause; what was stopped or interrupted is continued by 'migplan apply' instead."""
    from migplan.cli.pause import set_pause

    set_pause(plan, target, config, waiting=False)
    print("the backfills go on")
    return 0
