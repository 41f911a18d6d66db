"""Rows that the declared form of a table refuses: counted while they can be mended, for its copy doesn't take them.

A check or NOT NULL that is new ends the copying, so its offenders are counted before anything is built; and so are
those of keys that are built once the rows are there. Other keys leave rows out of the copy that wait in the log until
the application complies: those are counted before the log is replayed for the last time.
"""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.sql import ident, sql
from migplan.core.steps import Assertion
from migplan.kinds.column import Column
from migplan.kinds.constraint import CHECK, PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.index import Index
from migplan.strategies.constraints.offending_rows import duplicates, index_duplicates, offenders
from migplan.strategies.rebuilds.change_log import ChangeLog
from migplan.strategies.rebuilds.family import comes_late, is_unproved


def refused_at_once(log: ChangeLog) -> Iterable[Assertion]:
    """The rows at which the copying, or what follows it, would end."""
    root, was = log.copy.root, {c.name: c for c in log.source.columns}
    for column in log.copy.columns:
        old = was.get(column.name)
        proved = column.not_null is not None and not is_unproved(column)
        if old is not None and proved and old.not_null is None and _is_as_it_was(log, column.id):
            count = sql("SELECT count(*) FROM {} WHERE {} IS NULL", log.source.live, ident(column.name))
            yield Assertion(count, f"{column.id} holds NULLs")
    for obj in _new(log):
        if isinstance(obj, Constraint) and obj.type == CHECK and obj.enforced and not is_unproved(obj):
            yield from offenders(obj, log.copy.catalog)
    yield from _repeated(log, root, late=True)


def refused_by_keys(log: ChangeLog) -> Iterable[Assertion]:
    """The rows that wait in the log, because others have the same key."""
    return _repeated(log, log.copy.root, late=False)


def _repeated(log: ChangeLog, root: ObjectId, *, late: bool) -> Iterable[Assertion]:
    told = log.found_by.names if log.found_by.repeatable else ()
    for obj in _new(log):
        if comes_late(obj) is not late:
            continue
        if (
            isinstance(obj, Constraint)
            and obj.type in (UNIQUE, PRIMARY_KEY)
            and "WITHOUT OVERLAPS" not in obj.definition
        ):
            if set(obj.columns) != set(told):
                yield duplicates(obj, log.copy.catalog)
        elif isinstance(obj, Index) and obj.unique and obj.keys:
            yield index_duplicates(obj, log.copy.catalog)


def _new(log: ChangeLog) -> Iterable[DbObject]:
    """What the table itself has in the other form only, and reads nothing but columns that stay as they are."""
    root, before, after = log.copy.root, log.source.catalog, log.copy.catalog
    known = {_said(o) for o in before.members.get(root, ())}
    for obj in sorted(after.members.get(root, ()), key=lambda o: o.id):
        if isinstance(obj, (Constraint, Index)) and _said(obj) not in known:
            columns = {root.child("column", name) for name in getattr(obj, "columns", ())}
            if all(_is_as_it_was(log, id) for id in columns | after.uses.get(obj.id, frozenset())):
                yield obj


def _said(obj: DbObject) -> object:
    """What it asks of rows."""
    if isinstance(obj, Constraint):
        return obj.type, obj.definition
    return (obj.unique, obj.definition) if isinstance(obj, Index) else None


def _is_as_it_was(log: ChangeLog, id: ObjectId) -> bool:
    """Whether it can be read of the rows that are there."""
    old, new = log.source.catalog.objects.get(id), log.copy.catalog.objects.get(id)
    if isinstance(old, Column) and isinstance(new, Column):
        return (old.type, old.generated) == (new.type, new.generated)
    return id.kind != "column" and old is not None
