"""The commands to try after reading a review, for this plan."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from migplan.report.dangers import dangers
from migplan.report.facts import Facts


def next_commands(facts: Facts) -> list[tuple[str, str]]:
    """Pairs of a command and what it does."""
    return list(_commands(facts))


def _commands(facts: Facts) -> Iterable[tuple[str, str]]:
    path = shlex.quote(str(facts.folder.path))
    interesting = next((d.step for d in dangers(facts) if d.step), None) or next(iter(facts.steps), None)
    if interesting is not None:
        yield f"migplan review {path} --why {shlex.quote(interesting)}", "why a step is where it is"
    yield f"migplan review {path} --format html > review.html", "the same review to look at in a browser"
    if facts.proved:
        yield f"migplan verify {path}", "prove it again, after a hand edit or when the database moved"
    else:
        yield f"migplan verify {path}", "prove it on a shadow and seal it"
    if facts.phases:
        first = shlex.quote(str(facts.folder.path / facts.phases[0][1].up))
        yield f"psql -v ON_ERROR_STOP=1 -f {first}", "run the first phase"
        back = shlex.quote(str(facts.folder.path / facts.phases[0][1].down))
        yield f"psql -v ON_ERROR_STOP=1 -f {back}", "and back"
