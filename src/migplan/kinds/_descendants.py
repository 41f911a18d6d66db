"""The tables below a table."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, tables_above


def descendants(relation: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    """Partitions and inheriting tables, to any depth: their columns change with the relation's."""
    for below in catalog.tables_below.get(relation, ()):
        yield below
        yield from descendants(below, catalog)


def partitions(relation: ObjectId, catalog: Catalog) -> list[ObjectId]:
    """The direct partitions of a table."""
    below = catalog.tables_below.get(relation, ())
    return [id for id in below if getattr(catalog[id], "partition_of", None) == relation]


def parents_of(relation: ObjectId, catalog: Catalog) -> tuple[ObjectId, ...]:
    """The tables right above it."""
    return tables_above(catalog.objects.get(relation))


def heirs(relation: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    """Inheriting tables, to any depth, without partitions: what they declare themselves stays when it is inherited."""
    for below in catalog.tables_below.get(relation, ()):
        if relation in getattr(catalog[below], "inherits", ()):
            yield below
            yield from heirs(below, catalog)


def changes_parents(partition: ObjectId, before: Catalog, after: Catalog) -> bool:
    """Whether a partition goes over to another table: DETACH frees its indexes, ATTACH hangs them on that one's."""
    old, new = (getattr(side.objects.get(partition), "partition_of", None) for side in (before, after))
    return old is not None and new is not None and old != new
