"""From a draft to a plan's folder: proof, findings, review, written at once."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from migplan.cli.inputs import Inputs
from migplan.core.errors import UnsupportedError
from migplan.core.model import Catalog
from migplan.planfile.build import build
from migplan.planfile.folder import REVIEW, PlanFolder, write_folder
from migplan.planfile.model import FindingModel, MeasuredModel, PlanModel, ProofModel
from migplan.planning.plan import Draft
from migplan.prove.measure import Connections
from migplan.prove.proof import Outcome, prove
from migplan.report.markdown import markdown

_NOT_ASKED = ProofModel(status="unproved", reason="no proof was asked for (--no-prove)")
_BLOCKED = ProofModel(status="unproved", reason="the plan is blocked")


def write(inputs: Inputs, drafted: Draft, folder: Path, name: str, created: datetime, *, prove: bool) -> PlanFolder:
    """Prove the plan where asked, and write its folder with its review."""
    plan, files = build(
        drafted,
        inputs.before,
        inputs.after,
        inputs.settings,
        name=name,
        created=created.isoformat(timespec="seconds"),
        proof=_BLOCKED if drafted.blocked else _NOT_ASKED,
        findings=_findings(inputs, drafted),
        notes=[*(str(note) for note in inputs.declared.notes), *inputs.renamed.notes],
    )
    if prove and not drafted.blocked:
        plan = with_outcome(plan, prove_on_shadow(inputs, plan, files))
    sealed = PlanFolder(folder, plan, files)
    return write_folder(folder, plan, files, {REVIEW: markdown(sealed)})


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
    measured: Mapping[str, MeasuredModel] = outcome.measured
    steps = [s.model_copy(update={"measured": measured.get(s.id)}) for s in plan.steps]
    return plan.model_copy(update={"proof": outcome.proof, "steps": steps})


def refuse_unmodelled(*catalogs: Catalog) -> None:
    """With --strict, what migplan doesn't model is an error."""
    found = sorted({f"{u.what} {u.name}" for catalog in catalogs for u in catalog.unmodelled})
    if found:
        raise UnsupportedError(
            f"not modelled: {', '.join(found)}", hint="Leave out --strict to plan around them; they are never touched."
        )


def _findings(inputs: Inputs, drafted: Draft) -> Sequence[FindingModel]:
    from migplan.findings.collect import collect

    found = collect(drafted)
    blocked = [FindingModel(rule="blocked", severity="blocked", message=reason) for reason in drafted.blocked]
    return [*blocked, *found]
