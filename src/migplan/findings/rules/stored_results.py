"""Functions whose results are stored: indexes, columns, checks and partition keys hold what they gave at the time."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.findings.base import Example, Found, Rule, Subject
from migplan.findings.routines import body
from migplan.kinds.column import Column
from migplan.kinds.constraint import Constraint
from migplan.kinds.function import Routine
from migplan.kinds.index import Index
from migplan.kinds.table import Table


class StoredResults(Rule):
    """Changed bodies of functions that something stands on which isn't computed again."""

    id = "stored-results"
    severity = "danger"
    condition = (
        "A function changes its body while an index, stored column, check or partition key is made of its results."
    )
    effect = (
        "PostgreSQL computes none of them again: queries by the index miss rows, values and checks stay as they were."
    )
    advice = (
        "Give the new function another name and declare the index, column or check with that: then it is built anew."
    )
    example = Example(
        before=(
            "CREATE FUNCTION f(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';"
            " CREATE TABLE t (a text); CREATE INDEX t_f ON t (f(a)); INSERT INTO t VALUES ('A'); ANALYZE;"
        ),
        bad=(
            "CREATE FUNCTION f(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';"
            " CREATE TABLE t (a text); CREATE INDEX t_f ON t (f(a));"
        ),
        good=(
            "CREATE FUNCTION f(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';"
            " CREATE FUNCTION g(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';"
            " CREATE TABLE t (a text); CREATE INDEX t_f ON t (g(a));"
        ),
    )

    def find(self, subject: Subject) -> Iterable[Found]:
        for old, new in subject.altered(Routine):
            if body(old) == body(new):
                continue
            for user in sorted(subject.before.used_by.get(old.id, frozenset())):
                if user in subject.after and _stores(user, subject.before) and _kept(user, subject):
                    yield Found(f"{user} holds results of {new.id} as it was: they aren't computed again", new.id)


def _stores(id: ObjectId, catalog: Catalog) -> bool:
    match catalog[id]:
        case Index() | Constraint() | Table():
            return True
        case Column(generated=generated, virtual=virtual):
            return generated is not None and not virtual
        case _:
            return False


def _kept(id: ObjectId, subject: Subject) -> bool:
    """Whether the object stays as it is over a table with rows."""
    obj = subject.before[id]
    return subject.holds_rows(obj.table or id) and obj == subject.after[id]


RULE = StoredResults()
