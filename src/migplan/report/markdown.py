"""The review as Markdown, for a pull request: ``review.md`` of a plan's folder."""

from __future__ import annotations

import functools
import re

from jinja2 import Environment, PackageLoader, StrictUndefined

from migplan.core.wording import sentence
from migplan.planfile.folder import PlanFolder
from migplan.report.matrix import COLUMNS
from migplan.report.review import review

_SPECIAL = re.compile(r"([\\`*<>|\[\]])")


def markdown(folder: PlanFolder) -> str:
    """The review of the plan in ``folder``."""
    template = environment().get_template("review.md.j2")
    return template.render(r=review(folder), columns=COLUMNS)


@functools.cache
def environment() -> Environment:
    """Templates of this package, each compiled once; names that a template misspells are errors."""
    found = Environment(
        loader=PackageLoader("migplan.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
    )
    found.filters |= {"text": text, "code": code, "fence": fence, "sentence": sentence}
    return found


def text(value: object) -> str:
    """Plain text in Markdown: nothing in it is taken for markup, and it stays on its line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(value).split()))


def code(value: object) -> str:
    """Inline code, whatever backticks it holds."""
    flat = " ".join(str(value).split())
    ticks = "`" * (_longest(flat) + 1)
    padding = " " if "`" in flat else ""
    return f"{ticks}{padding}{flat}{padding}{ticks}"


def fence(value: object) -> str:
    """A fenced block of SQL."""
    content = str(value)
    ticks = "`" * max(3, _longest(content) + 1)
    return f"{ticks}sql\n{content}\n{ticks}"


def _longest(value: str) -> int:
    return max((len(run) for run in re.findall("`+", value)), default=0)
