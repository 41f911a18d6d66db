"""``migplan approve``: sign a plan off."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def approve(
    plan: Annotated[Path, typer.Argument(help="The plan's folder.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who approves it.")],
) -> int:
    """Sign off this very plan: an edit makes the sign-off void. An approved plan is applied without a question."""
    from migplan.execute.apply import refuse_unfit
    from migplan.planfile.approval import approve as sign
    from migplan.planfile.folder import read_folder

    folder = read_folder(plan)
    refuse_unfit(folder.plan)
    signed = sign(folder, by)
    print(f"{plan}: approved by {signed.by}, bound to {signed.digest[:12]}")
    return 0
