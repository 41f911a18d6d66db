"""Constraints that are declared as ones which existing rows needn't comply with."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.constraint import Constraint


class UncheckedRows(Rule):
    """NOT VALID and NOT ENFORCED in the declaration itself: plans validate what they add by themselves."""

    id = "unchecked-rows"
    severity = "note"
    condition = "A constraint on a table with rows is declared NOT VALID or NOT ENFORCED."
    effect = "Rows that violate it stay, and no query may rely on it."
    advice = "Leave the words out of the declaration: the plan adds it NOT VALID and validates it afterwards."
    example = Example(
        before="CREATE TABLE t (a int); INSERT INTO t VALUES (1); ANALYZE;",
        bad="CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;",
        good="CREATE TABLE t (a int CONSTRAINT c CHECK (a > 0));",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for old, new in subject.new_versions(Constraint):
            if new.inherited or new.clone_of is not None or not subject.holds_rows(new.relation):
                continue
            if not new.enforced and (old is None or old.enforced):
                yield Found(f"{new.id} is NOT ENFORCED: it checks nothing", new.id)
            elif not new.validated and new.enforced and (old is None or old.validated):
                yield Found(f"{new.id} is NOT VALID: existing rows aren't checked", new.id)


RULE = UncheckedRows()
