"""The commands to try after reading a review, for this plan."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from migplan.core.next_command import next_command
from migplan.report.dangers import dangers
from migplan.report.facts import Facts


def next_commands(facts: Facts) -> list[tuple[str, str]]:
    """Pairs of a command and what it does."""
    return list(_commands(facts))


def _commands(facts: Facts) -> Iterable[tuple[str, str]]:
    path = facts.folder.path
    interesting = next((d.step for d in dangers(facts) if d.step), None) or next(iter(facts.steps), None)
    if interesting is not None:
        yield next_command("review", path, "--why", shlex.quote(interesting)), "why a step is where it is"
    yield next_command("review", path, "--format html > review.html"), "the same review to look at in a browser"
    if facts.proved:
        yield next_command("verify", path), "prove it again, after a hand edit or when the database moved"
    else:
        yield next_command("verify", path), "prove it on a shadow and seal it"
    if facts.proved and facts.phases:
        yield _apply(facts, 0), "run it up to the first checkpoint"
        for checkpoint in facts.folder.plan.checkpoints:
            yield next_command("confirm", path, checkpoint.number), "once the application is deployed"
            yield _apply(facts, checkpoint.after + 1), "run what comes after it"
        yield next_command("rollback", path), "back to where the window began"


def _apply(facts: Facts, window: int) -> str:
    loses = any(s.loses for s in facts.folder.plan.steps if s.window == window)
    return next_command("apply", facts.folder.path, "--allow-data-loss" if loses else "")
