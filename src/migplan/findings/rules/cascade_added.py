"""Foreign keys that begin to delete rows."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.constraint import FOREIGN_KEY, Constraint


class CascadeAdded(Rule):
    """The same foreign key, under its name or another, with ON DELETE CASCADE that it didn't have."""

    id = "cascade-added"
    severity = "warning"
    condition = "An existing foreign key gets ON DELETE CASCADE."
    effect = "A DELETE of a parent's row, which was refused so far, takes the child's rows with it."
    advice = "Make sure that no code relies on the refusal."
    example = Example(
        before="CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p);",
        bad="CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p ON DELETE CASCADE);",
        good="CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p ON UPDATE CASCADE);",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for _, new in subject.new_versions(Constraint):
            if not _cascades(new) or new.clone_of is not None:
                continue
            twins = [k for k in subject.before.members_of(new.relation, Constraint) if _same_key(k, new)]
            if twins and not any(_cascades(k) for k in twins):
                yield Found(f"{new.id}: a DELETE on {new.target} takes rows of {new.relation} with it", new.id)


def _cascades(key: Constraint) -> bool:
    return key.type == FOREIGN_KEY and "ON DELETE CASCADE" in key.definition


def _same_key(one: Constraint, other: Constraint) -> bool:
    return one.type == FOREIGN_KEY and (one.columns, one.target) == (other.columns, other.target)


RULE = CascadeAdded()
