"""Whether a table is logged: what sees that, and sequences that follow it."""

from __future__ import annotations

from collections.abc import Iterator

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import Statement
from migplan.kinds.column import Column
from migplan.kinds.identity import FOLLOWING, set_persistence
from migplan.kinds.sequence import Sequence, set_logged
from migplan.kinds.table import Table, columns_of


def persistence(table: ObjectId) -> ObjectId:
    """What foreign keys, publications and sequences see when SET LOGGED or UNLOGGED changes it."""
    return table.child("persistence", "")


def sequences_apart(table: Table, before: Catalog, after: Catalog) -> list[Statement]:
    """The sequences of its columns go along (15 and later), also those that are not to."""
    there = {c.id: c for c in columns_of(table.id, before)}
    found: list[Statement] = []
    for column in columns_of(table.id, after) if after.major >= FOLLOWING else ():
        old, new = there.get(column.id), column.identity
        if new is not None and new.apart and old is not None and old.identity is not None:
            found.append(set_persistence(new))
        found += [set_logged(s) for s in _owned(column, before, after) if s.unlogged != table.unlogged]
    return found


def _owned(column: Column, before: Catalog, after: Catalog) -> Iterator[Sequence]:
    for id in sorted(after.used_by.get(column.id, ())):
        old, new = before.get(id, Sequence), after.get(id, Sequence)
        if old is not None and new is not None and old.owned_by == new.owned_by == column.id:
            yield new
