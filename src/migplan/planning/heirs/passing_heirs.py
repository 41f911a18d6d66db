"""Tables below one that gets or loses an identity column, which are there meanwhile and on one side of a plan only:
PostgreSQL adds no such column while it has tables below it, so the catalog that says how is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migplan.core.model import Catalog, DbObject
from migplan.kinds._descendants import descendants
from migplan.kinds.column import Column
from migplan.kinds.foreign_table import ForeignTable
from migplan.kinds.table import Table


def with_passing_heirs(catalog: Catalog, other: Catalog) -> Catalog:
    """The catalog; below tables with an identity column that the ``other`` side lacks, what only that one has there.

    They are there as bare inheriting tables: what else is made for partitions would take them for some that lack it.
    """
    found = {heir.id: heir for heir in _passing(catalog, other)}
    return replace(catalog, objects={**catalog.objects, **found}) if found else catalog


def _passing(catalog: Catalog, other: Catalog) -> Iterator[DbObject]:
    for column in catalog.of(Column):
        if column.identity is None or column.id in other or column.relation not in other:
            continue
        for id in descendants(column.relation, other):
            table = other[id]
            if isinstance(table, Table | ForeignTable) and id not in catalog:
                yield replace(table, partition_of=None, inherits=(column.relation,))
