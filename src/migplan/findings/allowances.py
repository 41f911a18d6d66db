"""The directive ``allow FINDING "why"``: a finding is known, and the review shows the reason.

It speaks of the object beside which it stands, and of what belongs to that: beside a table also of its columns, keys,
indexes, triggers and policies, those that go among them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from migplan.core.directives import Directive, Directives
from migplan.core.errors import DirectiveError
from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.findings.base import Subject
from migplan.findings.model import FindingModel
from migplan.findings.registry import rules
from migplan.kinds.column import Column
from migplan.kinds.constraint import Constraint

DIRECTIVE = "allow"
_ARGUMENT = re.compile(r'(?P<rule>\S+)\s+"(?P<reason>[^"]+)"')


@record
class _Allowance:
    """One directive taken apart; ``objects`` are the texts of those that it speaks of."""

    rule: str
    reason: str
    directive: Directive
    objects: frozenset[str]


@dataclass
class Allowances:
    """The ``allow`` directives of a declaration, and which of them allowed anything."""

    items: tuple[_Allowance, ...]
    _used: set[str] = field(default_factory=set[str])

    @staticmethod
    def of(directives: Directives, subject: Subject) -> Allowances:
        """Raises ``DirectiveError`` for a rule that doesn't exist."""
        return Allowances(tuple(_allowance(d, subject) for d in directives.named(DIRECTIVE)))

    def reason(self, finding: FindingModel) -> str | None:
        """The reason of the directive that speaks of a finding, or None."""
        for item in self.items:
            if item.rule == finding.rule and finding.object in item.objects:
                self._used.add(item.directive.place)
                return item.reason
        return None

    def unused(self) -> Iterator[str]:
        """A note for every directive that found nothing: its work is done, or it stands at the wrong place."""
        for item in self.items:
            if item.directive.place not in self._used:
                target = item.directive.target
                yield f"{item.directive.place}: the directive allow {item.rule} on {target} has nothing to allow"


def _allowance(directive: Directive, subject: Subject) -> _Allowance:
    parsed = _ARGUMENT.fullmatch(directive.argument)
    assert parsed is not None, "the reading of directives has checked the form"
    rule = parsed["rule"]
    if rule not in rules():
        raise DirectiveError(f"there is no finding {rule!r}", place=directive.place, hint=suggestion(rule))
    objects = frozenset(map(str, _of(directive.target, subject)))
    return _Allowance(rule, parsed["reason"], directive, objects)


def _of(target: ObjectId | None, subject: Subject) -> Iterator[ObjectId]:
    """The object, what belongs to it on either side; of a column its default and the constraints of it alone."""
    if target is None:
        return
    yield target
    for side in (subject.before, subject.after):
        yield from (member.id for member in side.members.get(target, ()))
        if (column := side.get(target, Column)) is not None:
            yield ObjectId("default", target.path)
            constraints = side.members_of(column.relation, Constraint)
            yield from (c.id for c in constraints if c.columns == (column.name,))


def suggestion(rule: str) -> str:
    """What to write instead of a rule that doesn't exist."""
    close = difflib.get_close_matches(rule, list(rules()), n=3, cutoff=0.5)
    return f"Did you mean {', '.join(close)}?" if close else f"Known findings: {', '.join(rules())}."
