"""What was proved of a plan, and what was not."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.records import record
from migplan.core.wording import counted, listed, server_of
from migplan.report.facts import Facts


@record
class Evidence:
    """Sentences, without full stops."""

    proved: tuple[str, ...]
    open: tuple[str, ...]


def evidence(facts: Facts) -> Evidence:
    """The proof of the plan as a reviewer needs it."""
    return Evidence((*_proved(facts), *_ran(facts)), tuple(_open(facts)))


def _proved(facts: Facts) -> Iterable[str]:
    proof, plan = facts.plan.proof, facts.plan
    if proof.status != "proved":
        return
    server = server_of(proof.server_version or plan.server_version)
    yield (
        f"the live schema was rebuilt in a shadow {server}, and all {len(plan.steps)} steps ran there"
        if len(plan.steps) > 1
        else f"the live schema was rebuilt in a shadow {server}, and the step ran there"
    )
    yield "the schema at the end is the declared one"
    yield (
        f"every down file led back, and at each of the {counted(len(proof.boundaries), 'boundary')} between phases the "
        "schema was as it had been"
        if len(proof.boundaries) != 1
        else "the down file led back to the schema as it had been"
    )
    if facts.measured:
        yield f"the locks of {counted(len(facts.measured), 'step')} were measured, and none is worse than promised"


def _ran(facts: Facts) -> Iterable[str]:
    for trial in facts.trials.trials:
        way = "to" if trial.direction == "up" else "back to"
        where = f"on {trial.stage}, {trial.at}, by {trial.by}{f', in {trial.hours}' if trial.hours else ''}"
        yield (
            f"it ran {way} {trial.boundary} {where}"
            if trial.outcome == "reached"
            else f"it FAILED {where}: {trial.error}"
        )
    for backup in facts.trials.backups:
        yield f"a backup is vouched for by {backup.by}, {backup.at}: {backup.what}"


def _open(facts: Facts) -> Iterable[str]:
    proof, plan = facts.plan.proof, facts.plan
    if proof.status != "proved":
        at = f", at {proof.step}" if proof.step else ""
        why = f": {proof.error}" if proof.error else ""
        yield f"the plan is NOT proved: {proof.reason or 'nothing was run'}{at}{why}"
    unseen = [s.id for s in plan.steps if s.measured is not None and s.measured.unseen]
    if unseen:
        yield f"locks of {listed(unseen)} are as promised: outside of transactions they couldn't be measured"
    asserting = [s for s in plan.steps if s.assertions]
    if asserting:
        steps = counted(len(asserting), "step")
        yield f"{steps} may stop on your rows: the shadow holds none, so their checks saw no data"
    if any(s.backfill or s.id.startswith("fill:") for s in plan.steps):
        yield "backfills ran over empty tables: what their expressions make of your rows was not seen"
    if facts.irreversible:
        steps = listed([s.id for s in facts.irreversible])
        yield f"{counted(len(facts.irreversible), 'step')} without a way back: {steps}"
    if facts.losing:
        yield "the way back restores the schema, not the data listed under “What can lose data”"
    if plan.checkpoints:
        yield "that the application does what the checkpoints ask of it"
    if plan.unmodelled:
        yield f"what migplan doesn't model and leaves alone: {listed(plan.unmodelled, limit=5)}"
    yield "how long anything takes on your server"
