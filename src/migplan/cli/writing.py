"""From a draft to a plan's folder: proof, findings, review, written at once."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from migplan.cli.inputs import Inputs
from migplan.findings.base import HeldUp, Subject
from migplan.findings.collect import Collected, collect
from migplan.findings.registry import rules
from migplan.planfile.build import build
from migplan.planfile.folder import REVIEW, PlanFolder, write_folder
from migplan.planfile.held_up import held_up_back
from migplan.planfile.model import PlanModel, ProofModel
from migplan.planning.plan import Draft
from migplan.prove.measure import Connections
from migplan.prove.proof import Outcome, prove
from migplan.report.markdown import markdown

_NOT_ASKED = ProofModel(status="unproved", reason="no proof was asked for (--no-prove)")
_BLOCKED = ProofModel(status="unproved", reason="the plan is blocked")


def write(inputs: Inputs, drafted: Draft, folder: Path, name: str, created: datetime, *, prove: bool) -> PlanFolder:
    """Prove the plan where asked, and write its folder with what the rules find in it and with its review."""
    plan, files = assembled(inputs, drafted, name, created)
    if prove and not drafted.blocked:
        plan = with_outcome(plan, prove_on_shadow(inputs, plan, files))
    plan = judged(inputs, drafted, plan, files)
    sealed = PlanFolder(folder, plan, files)
    return write_folder(folder, plan, files, {REVIEW: markdown(sealed)})


def assembled(inputs: Inputs, drafted: Draft, name: str, created: datetime) -> tuple[PlanModel, dict[str, str]]:
    """The plan, unproved and unjudged, and its SQL files."""
    return build(
        drafted,
        inputs.before,
        inputs.after,
        inputs.settings,
        name=name,
        created=created.isoformat(timespec="seconds"),
        proof=_BLOCKED if drafted.blocked else _NOT_ASKED,
        notes=[*(str(note) for note in inputs.declared.notes), *inputs.renamed.notes],
        renamed=inputs.renamed.before,
    )


def judged(inputs: Inputs, drafted: Draft, plan: PlanModel, files: Mapping[str, str]) -> PlanModel:
    """The plan with what the rules find in it, and in what was measured of it."""
    collected = findings_of(inputs, drafted, tuple(held_up_back(plan, files)))
    notes = [*plan.notes, *collected.notes]
    return plan.model_copy(update={"findings": list(collected.findings), "notes": notes})


def prove_on_shadow(inputs: Inputs, plan: PlanModel, files: Mapping[str, str]) -> Outcome:
    """The proof in a scratch database of its own."""
    with (
        inputs.shadow.scratch() as database,
        contextlib.closing(database.connect()) as work,
        contextlib.closing(database.connect()) as watch,
    ):
        return prove(
            plan,
            files,
            inputs.before,
            inputs.after,
            Connections(work, watch),
            managed=inputs.declared.managed,
            settings=inputs.settings,
        )


def with_outcome(plan: PlanModel, outcome: Outcome) -> PlanModel:
    """The plan with the proof's verdict and what was measured of each step."""
    return plan.model_copy(update={"proof": outcome.proof, "steps": [outcome.noted(s) for s in plan.steps]})


def findings_of(inputs: Inputs, drafted: Draft, held_up_back: tuple[HeldUp, ...] = ()) -> Collected:
    """What the rules find in the draft and in what was measured, as the directives and the policy judge it."""
    subject = Subject(drafted, inputs.renamed.before, inputs.after, inputs.settings, held_up_back)
    return collect(subject, inputs.declared.directives, inputs.policy)


def judged_anew(inputs: Inputs, plan: PlanModel, files: Mapping[str, str]) -> PlanModel:
    """The plan with the findings on what was measured just now, for want of a draft beside those that it had."""
    told = {rule.id for rule in rules().values() if rule.of_proof}
    measured = findings_of(inputs, Draft(()), tuple(held_up_back(plan, files))).findings
    found = [f for f in measured if f.rule in told]
    return plan.model_copy(update={"findings": [f for f in plan.findings if f.rule not in told] + found})
