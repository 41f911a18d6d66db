"""Of several keys over the same columns a foreign key hangs on the one that was made first."""

from __future__ import annotations

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.sql import ident


def behind_chosen(key: DbObject, catalog: Catalog) -> frozenset[ObjectId]:
    """The equal keys and unique indexes of its table that foreign keys hang on, where none hangs on this one."""
    columns = columns_kept_unique(key)
    if columns is None or key.table is None:
        return frozenset()
    equal = [o.id for o in catalog.members.get(key.table, ()) if o.id != key.id and columns_kept_unique(o) == columns]
    if not equal or _bears_foreign_key(key.id, catalog):
        return frozenset()
    return frozenset(id for id in equal if _bears_foreign_key(id, catalog))


def columns_kept_unique(obj: DbObject) -> frozenset[str] | None:
    """The columns that it keeps unique, as PostgreSQL prints them, if a foreign key can hang on it."""
    if obj.id.kind == "constraint" and getattr(obj, "type", "") in ("p", "u"):
        return frozenset(ident(c) for c in getattr(obj, "columns", ()))
    if obj.id.kind == "index" and getattr(obj, "unique", False) and getattr(obj, "predicate", None) is None:
        return frozenset(getattr(obj, "keys", ()))
    return None


def _bears_foreign_key(key: ObjectId, catalog: Catalog) -> bool:
    return any(getattr(catalog[user], "type", "") == "f" for user in catalog.used_by.get(key, ()))
