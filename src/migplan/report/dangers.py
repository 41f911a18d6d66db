"""What a reviewer should read before anything else, gravest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migplan.planfile.model import StepModel
from migplan.report.facts import Facts, loses_for_good
from migplan.report.wording import bytes_of, listed, rows_of


@dataclass(frozen=True, slots=True)
class Danger:
    """One thing to read: ``weight`` is a word (blocked, data loss, no way back, long lock, danger, warning)."""

    weight: str
    text: str
    step: str | None = None
    allowed: str | None = None


def dangers(facts: Facts) -> list[Danger]:
    """Every danger of the plan; what a directive allows comes last, with its reason."""
    found = [*_blocked(facts), *_losses(facts), *_one_way(facts), *_long_locks(facts), *_findings(facts)]
    told = {(d.step, d.weight) for d in found if d.weight in _OWN}
    kept = [d for d in found if d.weight in _OWN or (d.step, _SAME.get(d.weight, "")) not in told]
    return sorted(kept, key=lambda d: d.allowed is not None)


_OWN = ("blocked", "data loss", "no way back", "long lock")
_SAME = {"data-loss": "data loss", "irreversible": "no way back", "long-lock": "long lock"}


def _blocked(facts: Facts) -> Iterable[Danger]:
    for finding in facts.plan.findings:
        if finding.severity == "blocked":
            yield Danger("blocked", finding.message, finding.step, finding.allowed)


def _losses(facts: Facts) -> Iterable[Danger]:
    for step in facts.losing:
        allowed = _allowance(facts, step, "data-loss")
        backup = "; the way back can't bring it back" if step.down.loses else ""
        yield Danger("data loss", f"{step.title}: {loses_for_good(step)}{backup}", step.id, allowed)


def _one_way(facts: Facts) -> Iterable[Danger]:
    for step in facts.irreversible:
        yield Danger("no way back", f"{step.title}: {step.down.irreversible}", step.id)


def _long_locks(facts: Facts) -> Iterable[Danger]:
    for step in facts.plan.steps:
        if facts.long_under_lock(step):
            what = "rewrites" if step.rewrite else "reads"
            tables = listed([f"{t}{_size(facts, t)}" for t in facts.locked(step) if not facts.small(t)])
            yield Danger("long lock", f"{step.title}: {what} a table while {step.lock} is held on {tables}", step.id)


def _size(facts: Facts, table: str) -> str:
    size = facts.plan.sizes.get(f"table {table}")
    return f" ({rows_of(size.rows)}, {bytes_of(size.bytes)})" if size is not None else ""


def _findings(facts: Facts) -> Iterable[Danger]:
    ranks = {"danger": 0, "warning": 1}
    chosen = [f for f in facts.plan.findings if f.severity in ranks and f.rule not in _SAME]
    for finding in sorted(chosen, key=lambda f: ranks[f.severity]):
        yield Danger(finding.severity, finding.message, finding.step, finding.allowed)


def _allowance(facts: Facts, step: StepModel, rule: str) -> str | None:
    return next((f.allowed for f in facts.findings.get(step.id, ()) if f.rule == rule and f.allowed), None)
