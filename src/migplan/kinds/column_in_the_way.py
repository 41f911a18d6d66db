"""What has to go before a column is changed, and comes back behind it."""

from __future__ import annotations

from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.kinds._descendants import descendants
from migplan.kinds.column import Column

_STOPS_TYPE_CHANGE: Final = frozenset(
    "view materialized_view rule trigger policy function procedure publication column".split()
)


def in_the_way_of_type(column: Column, before: Catalog) -> frozenset[ObjectId]:
    """A column's type can't change under a view, rule, trigger, policy, generated column, or SQL-standard body;
    a default may not be castable; a foreign key wants both of its sides changed at once."""
    relations = (column.relation, *descendants(column.relation, before))
    direct = {u for r in relations for u in before.used_by.get(r.child("column", column.name), ())}
    stopped = {id for id in direct if id.kind in _STOPS_TYPE_CHANGE or _is_foreign_key(id, before)}
    defaults = {r.child("default", column.name) for r in relations} & before.objects.keys()
    return frozenset(stopped | _foreign_keys_to(column, before) | defaults | losing_their_target(column, before))


def losing_their_target(column: Column, catalog: Catalog) -> frozenset[ObjectId]:
    """Statistics objects and indexes that PostgreSQL makes anew by itself when a column changes, without targets."""
    relations = (column.relation, *descendants(column.relation, catalog))
    users = (u for r in relations for u in catalog.used_by.get(r.child("column", column.name), ()))
    return frozenset(u for u in users if _has_target(catalog[u]))


def _has_target(obj: DbObject) -> bool:
    if obj.id.kind == "index":
        return bool(getattr(obj, "statistics", ()))
    return obj.id.kind == "statistics" and getattr(obj, "target", None) is not None


def _is_foreign_key(id: ObjectId, catalog: Catalog) -> bool:
    found = catalog.objects.get(id)
    return id.kind == "constraint" and getattr(found, "type", "") == "f"


def _foreign_keys_to(column: Column, catalog: Catalog) -> set[ObjectId]:
    """Foreign keys that hang on a key of the column's table: they depend on its index, not on the column."""
    users = catalog.used_by.get(column.id, frozenset())
    keys = {id for id in users if id.kind in ("constraint", "index")}
    return {fk for key in keys for fk in catalog.used_by.get(key, frozenset()) if _is_foreign_key(fk, catalog)}
