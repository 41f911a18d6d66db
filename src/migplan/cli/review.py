"""``migplan review``: a plan explained as a colleague would."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from migplan.planfile.folder import PlanFolder


class Format(StrEnum):
    """How the review is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    SARIF = "sarif"


def review(
    plan: Annotated[Path, typer.Argument(help="The plan's folder.")],
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.TEXT,
    why: Annotated[
        str | None, typer.Option(metavar="STEP", help="Only tell why this step is where it is (part of an id will do).")
    ] = None,
) -> None:
    """Explain a plan: what changes, what to read first, every step, what was proved."""
    from migplan.planfile.folder import read_folder
    from migplan.report.why import find_step, why_text

    folder = read_folder(plan)
    if why is not None:
        sys.stdout.write(why_text(folder.plan, find_step(folder.plan, why)))
    elif format is Format.TEXT:
        from migplan.report.terminal import Terminal, print_review

        print_review(folder, Terminal())
    else:
        sys.stdout.write(_document(folder, format))


def _document(folder: PlanFolder, format: Format) -> str:
    match format:
        case Format.HTML:
            from migplan.report.html import html

            return html(folder)
        case Format.JSON:
            from migplan.report.as_json import as_json

            return as_json(folder)
        case Format.SARIF:
            from migplan.report.sarif import sarif

            return sarif(folder)
        case _:
            from migplan.report.markdown import markdown

            return markdown(folder)
