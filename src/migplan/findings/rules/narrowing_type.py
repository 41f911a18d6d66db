"""Type changes that would take something away from values: a cast truncates and rounds without a word."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.column import Column
from migplan.kinds.column_domains import type_beneath
from migplan.kinds.lossy_casts import lost_by


class NarrowingType(Rule):
    """Columns of tables with rows whose new type holds less; an expression of the user's own is believed."""

    id = "narrowing-type"
    severity = "danger"
    condition = "A column with values gets a type that holds less: a shorter text, fewer digits, no time of day."
    effect = (
        "The plan stops at values that don't fit. Those that are written while the type changes are cut or rounded "
        "without an error, and the way back can't undo it."
    )
    advice = "Deploy an application that writes none first; say with 'using' what becomes of those that are there."
    example = Example(
        before="CREATE TABLE t (id int PRIMARY KEY, code varchar(20)); INSERT INTO t VALUES (1, 'x'); ANALYZE;",
        bad="CREATE TABLE t (id int PRIMARY KEY, code varchar(5));",
        good="CREATE TABLE t (id int PRIMARY KEY, code varchar(40));",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for old, new in subject.altered(Column):
            if new.inherited or new.generated is not None or not subject.holds_rows(new.relation):
                continue
            made_of = type_beneath(old.id, old.type, subject.before), type_beneath(new.id, new.type, subject.after)
            lost = None if new.using is not None else lost_by(*made_of)
            if lost is not None:
                yield Found(f"{new.id} from {old.type} to {new.type} {lost}", new.id)


RULE = NarrowingType()
