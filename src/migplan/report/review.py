"""The review of a plan as a value: everything that the terminal, Markdown and HTML show, and none of how."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from migplan.core.records import record
from migplan.core.wording import bytes_of, rows_of, server_of
from migplan.findings.model import FindingModel
from migplan.planfile.folder import PlanFolder
from migplan.planfile.model import CheckpointModel, PhaseModel, StepModel
from migplan.report.checklists import Checklist, checklists
from migplan.report.dangers import Danger, dangers
from migplan.report.evidence import Evidence, evidence
from migplan.report.facts import Facts, loses_for_good
from migplan.report.groups import grouped
from migplan.report.matrix import Row, matrix
from migplan.report.next_commands import next_commands
from migplan.report.placing import checks, lock_line, placed
from migplan.report.summary import summary


@record
class StepView:
    """One step: its model, where and why it stands, its lock, its SQL both ways, what is to be said of it."""

    step: StepModel
    placed: str
    lock: str
    checks: tuple[str, ...]
    loses: str | None
    findings: tuple[FindingModel, ...]
    up: str
    down: str


@record
class GroupView:
    """Steps told as one, and their number in the review."""

    title: str
    why: str
    number: int
    steps: tuple[StepView, ...]


@record
class PhaseView:
    """A phase, its files and what it does."""

    name: str
    purpose: str
    up: str
    down: str
    groups: tuple[GroupView, ...]


@record
class WindowView:
    """A window, and the checkpoint that lies before it."""

    number: int
    checkpoint: CheckpointModel | None
    phases: tuple[PhaseView, ...]


@record
class Review:
    """A plan's review."""

    name: str
    path: str
    created: str
    server: str
    tool_version: str
    digest: str
    proved: bool
    summary: str
    dangers: tuple[Danger, ...]
    windows: tuple[WindowView, ...]
    losses: tuple[tuple[StepModel, str], ...]
    irreversible: tuple[StepModel, ...]
    evidence: Evidence
    notes: tuple[FindingModel, ...]
    plan_notes: tuple[str, ...]
    sizes: tuple[tuple[str, str], ...]
    checklists: tuple[Checklist, ...]
    matrix: tuple[Row, ...]
    next_commands: tuple[tuple[str, str], ...]


_PURPOSE = {
    "expand": "additive or loosening; the running application goes on as it is",
    "migrate": "data moves, indexes are built, constraints are validated; long, and unseen by the application",
    "contract": "destructive or tightening; the deployed application must already comply",
}

_OFFLINE = "plain DDL, for a database that nobody uses"


def review(folder: PlanFolder) -> Review:
    """The review of the plan in ``folder``. Raises ``SourceError`` where an edited SQL file can't be split."""
    facts = Facts(folder)
    plan = facts.plan
    return Review(
        name=plan.name,
        path=str(folder.path),
        created=plan.created,
        server=server_of(plan.server_version),
        tool_version=plan.tool_version,
        digest=plan.digest,
        proved=facts.proved,
        summary=summary(facts),
        dangers=tuple(dangers(facts)),
        windows=_windows(facts),
        losses=tuple((s, loses_for_good(s) or "") for s in facts.losing),
        irreversible=tuple(facts.irreversible),
        evidence=evidence(facts),
        notes=tuple(f for f in plan.findings if f.severity == "note"),
        plan_notes=tuple(plan.notes),
        sizes=tuple((name, f"{rows_of(s.rows)}, {bytes_of(s.bytes)}") for name, s in plan.sizes.items()),
        checklists=checklists(facts),
        matrix=tuple(matrix(facts)),
        next_commands=tuple(next_commands(facts)),
    )


def _windows(facts: Facts) -> tuple[WindowView, ...]:
    checkpoints = {c.number: c for c in facts.plan.checkpoints}
    numbers = count(1)
    return tuple(
        WindowView(w.number, checkpoints.get(w.number), tuple(_phase(facts, p, numbers) for p in w.phases))
        for w in facts.plan.windows
    )


def _phase(facts: Facts, phase: PhaseModel, numbers: Iterator[int]) -> PhaseView:
    steps = [s for s in (facts.steps[id] for id in phase.steps) if facts.does_something(s)]
    return PhaseView(
        name=phase.name,
        purpose=_OFFLINE if facts.plan.offline else _PURPOSE[phase.name],
        up=phase.up,
        down=phase.down,
        groups=tuple(
            GroupView(g.title, g.why, next(numbers), tuple(_step(facts, s) for s in g.steps))
            for g in grouped(facts, steps)
        ),
    )


def _step(facts: Facts, step: StepModel) -> StepView:
    return StepView(
        step=step,
        placed=placed(step),
        lock=lock_line(step),
        checks=tuple(checks(step)),
        loses=loses_for_good(step),
        findings=tuple(facts.findings.get(step.id, ())),
        up=_script([_without_check(step, s) for s in facts.up(step)]),
        down=_way_back(facts, step),
    )


def _without_check(step: StepModel, statement: str) -> str:
    """A check's DO block told in two lines; everything else as the file has it."""
    for check in step.assertions:
        if statement.startswith("DO ") and check.count in statement and check.count != statement:
            return f"-- stops unless this yields 0:\n-- {' '.join(check.count.split())}"
    return f"{statement};"


def _script(statements: list[str]) -> str:
    return "\n".join(statements)


def _way_back(facts: Facts, step: StepModel) -> str:
    if step.down.irreversible is not None:
        return f"-- no way back: {step.down.irreversible}"
    return _script([f"{s};" for s in facts.down(step)]) or "-- nothing to undo"
