"""Indexes that say the same as another one."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.sql import ident, join
from migplan.findings.base import Example, Found, Rule, Subject
from migplan.kinds.constraint import PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.index import Index


class DuplicateIndex(Rule):
    """New indexes that equal another index or a key's."""

    id = "duplicate-index"
    severity = "note"
    condition = "An index is added whose columns, order and condition another index or key of its table has."
    effect = "Every write keeps both, and no query needs the second."
    advice = "Leave one of them out."
    example = Example(
        before="CREATE TABLE t (a int); CREATE INDEX one ON t (a);",
        bad="CREATE TABLE t (a int); CREATE INDEX one ON t (a); CREATE INDEX two ON t (a);",
        good="CREATE TABLE t (a int); CREATE INDEX one ON t (a); CREATE INDEX two ON t (a DESC);",
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        told: set[Index] = set()
        for index in subject.created(Index):
            if index.parent is not None or index.unique:
                continue
            twin = next((t for t in _others(index, subject) if t not in told), None)
            if twin is not None:
                told.add(index)
                yield Found(f"{index.id} is the same as {twin.id}", index.id)


def _others(index: Index, subject: Subject) -> Iterable[Index | Constraint]:
    for other in subject.after.members_of(index.relation, Index):
        if other.id != index.id and other.definition == index.definition:
            yield other
    for key in subject.after.members_of(index.relation, Constraint):
        columns = join(", ", (ident(c) for c in key.columns))
        if key.type in (PRIMARY_KEY, UNIQUE) and index.definition == f"USING btree ({columns})":
            yield key


RULE = DuplicateIndex()
