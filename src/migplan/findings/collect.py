"""Every finding on a draft: what a reviewer should know before the plan runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migplan.core.directives import Directives
from migplan.core.records import record
from migplan.findings.allowances import Allowances
from migplan.findings.base import Rule, Subject
from migplan.findings.model import FindingModel
from migplan.findings.policy import Policy
from migplan.findings.registry import rules

BLOCKED = "blocked"
"""The rule of what stops a plan; it can't be allowed or weighed otherwise."""


@record
class Collected:
    """``findings`` in the order in which the steps run; ``notes`` name directives that had nothing to allow."""

    findings: tuple[FindingModel, ...]
    notes: tuple[str, ...]


def collect(subject: Subject, directives: Directives | None = None, policy: Policy | None = None) -> Collected:
    """What every rule finds, weighed by the policy, with the reasons of what is allowed.

    Raises ``DirectiveError`` for an ``allow`` of a rule that doesn't exist.
    """
    chosen = policy or Policy()
    allowances = Allowances.of(directives or Directives(), subject)
    raw = [finding for rule in rules().values() for finding in _of_rule(rule, subject, chosen)]
    found = [_judged(finding, allowances, chosen) for finding in _in_order(raw, subject)]
    blocked = (FindingModel(rule=BLOCKED, severity="blocked", message=reason) for reason in subject.draft.blocked)
    return Collected((*blocked, *found), tuple(allowances.unused()))


def _of_rule(rule: Rule, subject: Subject, policy: Policy) -> Iterator[FindingModel]:
    if policy.level(rule) == "off":
        return
    for found in rule.find(subject):
        severity = policy.weight(rule, found.severity)
        if severity is not None:
            step = found.step or (None if found.object is None else subject.step_of(found.object))
            yield FindingModel(
                rule=rule.id,
                severity=severity,
                message=found.message,
                advice=found.advice or rule.advice,
                step=step,
                object=None if found.object is None else str(found.object),
            )


def _judged(finding: FindingModel, allowances: Allowances, policy: Policy) -> FindingModel:
    reason = allowances.reason(finding) or policy.reason(finding)
    allowed = finding.model_copy(update={"allowed": reason})
    return allowed.model_copy(update={"refused": policy.refuses(allowed)})


def _in_order(findings: Iterable[FindingModel], subject: Subject) -> list[FindingModel]:
    place = {step.id: number for number, step in enumerate(subject.draft.steps)}
    return sorted(findings, key=lambda f: place.get(f.step or "", len(place)))
