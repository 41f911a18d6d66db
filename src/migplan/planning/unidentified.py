"""Published tables whose rows nothing tells apart, or nothing of what is published: PostgreSQL refuses to UPDATE and
DELETE them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import ident, sql
from migplan.core.sql_names import columns_named
from migplan.core.steps import Down, Step
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, Constraint
from migplan.kinds.index import Index
from migplan.kinds.publication import Publication, PublishedTable
from migplan.kinds.table import Table

Stuck = tuple[ObjectId, ObjectId]
"""A table, and the publication that is to blame."""
_NOTHING: Final = (
    "and whose rows nothing tells apart; give it a primary key, or REPLICA IDENTITY FULL, in a plan before"
)
_LIST: Final = "without all columns of its replica identity; publish them in a plan before"
_FILTER: Final = "by a filter over columns that aren't of its replica identity; change it in a plan before"


def stuck(catalog: Catalog, operations: Collection[str] = ("update", "delete")) -> Iterator[Stuck]:
    """The tables on which PostgreSQL refuses some of the operations."""
    yield from _stuck(catalog, operations)


def _stuck(catalog: Catalog, operations: Collection[str]) -> dict[Stuck, str]:
    """With the reasons: the end of a sentence, as what they call for."""
    publications = [p for p in catalog.of(Publication) if not set(operations).isdisjoint(p.operations)]
    found: dict[Stuck, str] = {}
    for table in catalog.of(Table) if publications else ():
        if table.partition_key is not None or table.unlogged:
            continue
        reasons = ((p.id, _reason(p, table, catalog)) for p in publications)
        refusing = next(((p, reason) for p, reason in reasons if reason is not None), None)
        if refusing is not None:
            found[table.id, refusing[0]] = refusing[1]
    return found


def _reason(publication: Publication, table: Table, catalog: Catalog) -> str | None:
    entry = _entry(publication, table, catalog)
    if entry is None:
        return None
    identity = _identity(table, catalog)
    if identity is None:
        return _NOTHING
    whole = table.replica_identity == "f"
    if entry.columns is not None and (whole or not identity <= set(entry.columns)):
        return _LIST
    filtered = frozenset[str]() if entry.where is None or whole else columns_named(entry.where)
    others = {c.name for c in catalog.members_of(table.id, Column)} - identity
    return _FILTER if filtered & others else None


def refused_updates(steps: Sequence[Step], before: Catalog, after: Catalog) -> Iterable[str]:
    """Steps that fill rows which can't be updated, as sentences for the plan that is blocked by them."""
    found = {**_stuck(after, ("update",)), **_stuck(before, ("update",))}
    for (table, publication), reason in sorted(found.items()):
        updates = [sql("UPDATE {} SET", ident(*t.path)) for t in _with_parents(table, before)]
        updates.append(sql("UPDATE ONLY {} SET", ident(*table.path)))
        step = next((s for s in steps if any(u in text for u in updates for text in _texts(s))), None)
        if step is not None:
            yield (f"{step.title}: PostgreSQL refuses to update {table}, which {publication} publishes {reason}")


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


def _identity(table: Table, catalog: Catalog) -> frozenset[str] | None:
    """The names of the columns that tell rows apart; all of them where that is what is asked for."""
    members = catalog.members_of(table.id, Constraint)
    identity = table.replica_identity
    if identity == "f":
        return frozenset(c.name for c in catalog.members_of(table.id, Column))
    if identity == "d":
        return next((frozenset(c.columns) for c in members if c.type == PRIMARY_KEY), None)
    if not isinstance(identity, ObjectId):
        return None
    key, index = catalog.get(identity, Constraint), catalog.get(identity, Index)
    if key is not None:
        return frozenset(key.columns)
    names = {str(ident(c.name)): c.name for c in catalog.members_of(table.id, Column)}
    return frozenset(names[k] for k in index.keys if k in names) if index is not None else frozenset()


def _entry(publication: Publication, table: Table, catalog: Catalog) -> PublishedTable | None:
    """How it is published: by itself, or as a partition, which lists and filters above it are for ``via_root``."""
    listed = {p.table: p for p in publication.tables}
    found: PublishedTable | None = None
    current: Table | None = table
    while current is not None:
        whole = publication.all_tables or current.id.path[0] in publication.schemas
        entry = listed.get(current.id, PublishedTable(current.id) if whole else None)
        if entry is not None and (found is None or publication.via_root):
            found = entry if current is table or publication.via_root else PublishedTable(table.id)
        current = None if current.partition_of is None else catalog.get(current.partition_of, Table)
    return found
