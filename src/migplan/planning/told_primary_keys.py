"""Foreign keys of a primary key that has equal keys beside it while the plan runs. PostgreSQL hangs a foreign key on
the one of them that was made first, but on the primary key where it names no columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from migplan.core.changes import Change
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.kinds.constraint import FOREIGN_KEY, PRIMARY_KEY, Constraint
from migplan.kinds.equal_keys import columns_kept_unique


def with_told_primary_keys(one: Catalog, other: Catalog, changes: Iterable[Change]) -> Catalog:
    """One side with those foreign keys written without columns; ``changes`` tell which tables' keys come and go."""
    tables = {id for change in changes for id in (_unique_in(change.id, one), _unique_in(change.id, other)) if id}
    told = {fk.id: replace(fk, of_primary_key=True) for t in tables for fk in _ambiguous(t, one, other)}
    return replace(one, objects={**one.objects, **told}) if told else one


def _unique_in(id: ObjectId, catalog: Catalog) -> ObjectId | None:
    """The table of which something keeps columns unique."""
    obj = catalog.objects.get(id)
    return None if obj is None or columns_kept_unique(obj) is None else obj.table


def _ambiguous(table: ObjectId, one: Catalog, other: Catalog) -> Iterator[Constraint]:
    primary = next((k for k in one.members_of(table, Constraint) if k.type == PRIMARY_KEY), None)
    if primary is None:
        return
    unique = columns_kept_unique(primary)
    beside = (o for side in (one, other) for o in side.members.get(table, ()) if o.id != primary.id)
    if any(columns_kept_unique(o) == unique for o in beside):
        users = (one.get(id, Constraint) for id in one.used_by.get(primary.id, ()))
        yield from (u for u in users if u and u.type == FOREIGN_KEY and u.target_columns == primary.columns)
