"""Every finding on a draft: what a reviewer should know before the plan runs."""

from __future__ import annotations

from collections.abc import Iterator

from migplan.core.steps import Irreversible, Step
from migplan.findings.model import FindingModel
from migplan.planning.plan import Draft


def collect(draft: Draft) -> list[FindingModel]:
    """The findings, in the order in which the steps run."""
    return [finding for step in draft.steps for finding in _of_step(step)]


def _of_step(step: Step) -> Iterator[FindingModel]:
    if step.loses is not None:
        message = f"{step.title} destroys {step.loses}; the way back doesn't bring that back"
        yield FindingModel(rule="data-loss", severity="danger", message=message, step=step.id, object=str(step.object))
    if isinstance(step.down, Irreversible):
        message = f"{step.title} has no way back: {step.down.reason}"
        yield FindingModel(
            rule="irreversible", severity="danger", message=message, step=step.id, object=str(step.object)
        )
    if step.rewrite and not step.new_objects:
        message = f"{step.title} rewrites the table under {step.lock}: fit for a small table only"
        yield FindingModel(rule="rewrite", severity="warning", message=message, step=step.id, object=str(step.object))
