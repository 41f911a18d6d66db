"""Row-level security that is switched off."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.table import Table


class RowSecurityOff(Rule):
    """ENABLE and FORCE that go."""

    id = "row-security-off"
    severity = "danger"
    condition = "A table loses ENABLE ROW LEVEL SECURITY, or FORCE ROW LEVEL SECURITY."
    effect = "Whoever may read the table reads all of its rows; without FORCE, its owner does."
    advice = "Make sure that nothing but the grants has to protect the rows."
    example = Example(
        before="CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY;",
        bad="CREATE TABLE t (id int);",
        good="CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for old, new in subject.altered(Table):
            if old.row_security and not new.row_security:
                yield Found(f"{new.id} shows all rows to whoever may read it", new.id)
            elif new.row_security and old.force_row_security and not new.force_row_security:
                yield Found(f"{new.id} shows all rows to its owner", new.id)


RULE = RowSecurityOff()
