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


def behind_bare(index: ObjectId, relation: ObjectId, catalog: Catalog) -> set[ObjectId]:
    """Partitions that have no index of a table's index or key (it was made with ONLY), or one that stays invalid, since
    some of theirs have none: ATTACH would give them another one."""
    return {id.child("attachment", "") for id in _bare(index, relation, catalog)}


def _bare(index: ObjectId, relation: ObjectId, catalog: Catalog) -> list[ObjectId]:
    children = {catalog[child].table: child for child in catalog.index_children.get(index, ())}
    return [id for id in partitions(relation, catalog) if id not in children or _bare(children[id], id, catalog)]


def stays_with_parent(partition: ObjectId, before: Catalog, after: Catalog) -> bool:
    """Whether a partition stays one of the same table."""
    old, new = (getattr(side.objects.get(partition), "partition_of", None) for side in (before, after))
    return old is not None and old == new


def must_let_go(partition: ObjectId, above: ObjectId | None, before: Catalog, after: Catalog) -> bool:
    """Whether an index of a partition would have to let go of the one ``above`` it: there is no command for it."""
    return above is not None and above in after and stays_with_parent(partition, before, after)


def parents_of(relation: ObjectId, catalog: Catalog) -> tuple[ObjectId, ...]:
    """The tables right above it."""
    return tables_above(catalog.objects.get(relation))


def ancestors(relation: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    """Everything that a relation inherits from, parents first."""
    for parent in parents_of(relation, catalog):
        yield parent
        yield from ancestors(parent, catalog)


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
