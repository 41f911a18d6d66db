"""Published tables whose rows nothing tells apart: PostgreSQL refuses to UPDATE and DELETE them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import ident, sql
from migplan.core.steps import Down, Step
from migplan.kinds.constraint import PRIMARY_KEY, Constraint
from migplan.kinds.publication import Publication
from migplan.kinds.table import Table

Stuck = tuple[ObjectId, ObjectId]
"""A table, and the publication that is to blame."""


def stuck(catalog: Catalog, operations: Collection[str] = ("update", "delete")) -> Iterator[Stuck]:
    """The tables on which PostgreSQL refuses some of the operations."""
    publications = [p for p in catalog.of(Publication) if not set(operations).isdisjoint(p.operations)]
    if not publications:
        return
    for table in catalog.of(Table):
        if table.partition_key is not None or table.unlogged or _identified(table, catalog):
            continue
        holder = next((p for p in publications if _holds(p, table, catalog)), None)
        if holder is not None:
            yield table.id, holder.id


def refused_updates(steps: Sequence[Step], before: Catalog, after: Catalog) -> Iterable[str]:
    """Steps that fill rows which can't be updated, as sentences for the plan that is blocked by them."""
    found = dict((*stuck(after, ("update",)), *stuck(before, ("update",))))
    for table, publication in sorted(found.items()):
        updates = [sql("UPDATE {} SET", ident(*t.path)) for t in _with_parents(table, before)]
        step = next((s for s in steps if any(u in text for u in updates for text in _texts(s))), None)
        if step is not None:
            yield (
                f"{step.title}: PostgreSQL refuses to update {table}, which {publication} publishes and whose rows "
                "nothing tells apart; give it a primary key, or REPLICA IDENTITY FULL, in a plan before"
            )


def _texts(step: Step) -> Iterator[str]:
    """The statements of both ways; a batch is a string inside of its block."""
    back = step.down.statements if isinstance(step.down, Down) else ()
    for statement in (*step.up, *back):
        yield statement.sql
        if "''" in statement.sql:
            yield statement.sql.replace("''", "'")


def _with_parents(table: ObjectId, catalog: Catalog) -> Iterator[ObjectId]:
    yield table
    found = catalog.get(table, Table)
    for parent in () if found is None else (*found.inherits, *((found.partition_of,) if found.partition_of else ())):
        yield from _with_parents(parent, catalog)


def _identified(table: Table, catalog: Catalog) -> bool:
    if table.replica_identity == "d":
        return any(c.type == PRIMARY_KEY for c in catalog.members_of(table.id, Constraint))
    return table.replica_identity != "n"


def _holds(publication: Publication, table: Table, catalog: Catalog) -> bool:
    if publication.all_tables:
        return True
    listed = {p.table for p in publication.tables}
    current: Table | None = table
    while current is not None:
        if current.id in listed or current.id.path[0] in publication.schemas:
            return True
        parent = current.partition_of
        current = None if parent is None else catalog.get(parent, Table)
    return False
