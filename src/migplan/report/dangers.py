"""What a reviewer should read before anything else, gravest first."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.records import record
from migplan.core.wording import bytes_of, listed, rows_of, sentence
from migplan.findings.model import FindingModel
from migplan.planfile.model import StepModel
from migplan.report.facts import Facts, loses_for_good


@record
class Danger:
    """One thing to read: ``weight`` is refused, blocked, data loss, no way back, long lock, danger or warning."""

    weight: str
    text: str
    step: str | None = None
    allowed: str | None = None


def dangers(facts: Facts) -> list[Danger]:
    """Every danger of the plan; what a directive allows comes last, with its reason."""
    own = [*_blocked(facts), *_losses(facts), *_one_way(facts), *_long_locks(facts)]
    told = {(d.step, d.weight) for d in own}
    return sorted([*_refused(facts), *own, *_findings(facts, told)], key=lambda d: d.allowed is not None)


_SAME = {"data-loss": "data loss", "irreversible": "no way back", "long-lock": "long lock", "rewrite": "long lock"}
"""Findings that say of a step what is worked out here from the plan itself, measurements included."""


def _refused(facts: Facts) -> Iterable[Danger]:
    rules = sorted({f.rule for f in facts.plan.findings if f.refused})
    if rules:
        yield Danger("refused", f"the policy takes no plan with {listed(rules, limit=6)}")


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
        allowed = _allowance(facts, step, "irreversible")
        yield Danger("no way back", f"{step.title}: {step.down.irreversible}", step.id, allowed)


def _long_locks(facts: Facts) -> Iterable[Danger]:
    for step in facts.plan.steps:
        if lasting := facts.long_under_lock(step):
            what = "rewrites" if step.rewrite else "reads"
            tables = listed([f"{t}{_size(facts, t)}" for t in lasting])
            allowed = _allowance(facts, step, "long-lock", "rewrite")
            own = f"{what} a table while {step.lock} is held on {tables}"
            others = f"{what} {tables} while others wait for an earlier step of its transaction"
            yield Danger("long lock", f"{step.title}: {own if facts.felt(step) else others}", step.id, allowed)


def _size(facts: Facts, table: str) -> str:
    size = facts.sizes.get(table)
    return f" ({rows_of(size.rows)}, {bytes_of(size.bytes)})" if size is not None else ""


def _findings(facts: Facts, told: set[tuple[str | None, str]]) -> Iterable[Danger]:
    """Warnings and worse that nothing else has told yet."""
    ranks = {"danger": 0, "warning": 1}
    chosen = [f for f in facts.plan.findings if f.severity in ranks and (f.step, _SAME.get(f.rule, "")) not in told]
    for finding in sorted(chosen, key=lambda f: ranks[f.severity]):
        yield Danger(finding.severity, told_in_full(finding), finding.step, finding.allowed)


def told_in_full(finding: FindingModel) -> str:
    """The finding with what to do about it."""
    return f"{sentence(finding.message)} {finding.advice}" if finding.advice else finding.message


def _allowance(facts: Facts, step: StepModel, *rules: str) -> str | None:
    return next((f.allowed for f in facts.findings.get(step.id, ()) if f.rule in rules and f.allowed), None)
