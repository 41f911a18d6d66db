"""pg_depend, resolved from addresses to the ids of modelled objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.kinds.base import PG_CLASS, PG_REWRITE, PG_TYPE, Address

_PINNED_BELOW = 16384


def query(major: int) -> str:
    """Every dependency on something that users made, and the ways from rules, defaults and types to their objects.

    Rows are (classid, objid, objsubid, refclassid, refobjid, refobjsubid). A view's query hangs on its rule, a
    default on its pg_attrdef row, an array or row type on its element or relation: the depending and the referenced
    side are both translated here, so that only modelled objects remain.
    """
    return f"""
SELECT d.classid::oid,
       coalesce(r.ev_class, d.objid), d.objsubid,
       d.refclassid::oid,
       coalesce(nullif(t.typrelid, 0), nullif(t.typelem, 0), rr.ev_class, d.refobjid),
       d.refobjsubid,
       CASE WHEN t.typrelid <> 0 THEN 'r' WHEN t.typelem <> 0 AND et.typrelid <> 0 THEN 'R' ELSE '' END,
       et.typrelid, r.rulename
FROM pg_depend d
LEFT JOIN pg_rewrite r ON d.classid = {PG_REWRITE} AND r.oid = d.objid
LEFT JOIN pg_rewrite rr ON d.refclassid = {PG_REWRITE} AND rr.oid = d.refobjid
LEFT JOIN pg_type t ON d.refclassid = {PG_TYPE} AND t.oid = d.refobjid
     AND (t.typrelid <> 0 OR (t.typelem <> 0 AND t.typcategory = 'A'))
LEFT JOIN pg_type et ON et.oid = t.typelem
WHERE d.refobjid >= {_PINNED_BELOW} AND d.objid >= {_PINNED_BELOW} AND d.deptype IN ('n', 'a', 'i', 'P', 'S')
"""


def resolve(
    rows: Iterable[tuple[Any, ...]],
    addresses: Mapping[Address, ObjectId],
    objects: Mapping[ObjectId, DbObject],
) -> dict[ObjectId, frozenset[ObjectId]]:
    """Direct dependencies by object, plus the structural ones: a member on its relation, everything on its schema."""
    uses: dict[ObjectId, set[ObjectId]] = {id: set() for id in objects}
    for classid, objid, subid, refclass, refobj, refsub, row_type, elem_rel, rule in rows:
        user = _user(addresses, classid, objid, subid, rule)
        used = _used(addresses, refclass, refobj, refsub, row_type, elem_rel)
        if user is not None and used is not None and user != used:
            uses.setdefault(user, set()).add(used)
    for id, obj in objects.items():
        structural = uses[id]
        if obj.table is not None and obj.table != id:
            structural.add(obj.table)
        schema = ObjectId("schema", id.path[:1])
        if len(id.path) > 1 and schema in objects and schema != id:
            structural.add(schema)
    return {id: frozenset(used) for id, used in uses.items()}


def _user(
    addresses: Mapping[Address, ObjectId], classid: int, objid: int, subid: int, rule: str | None
) -> ObjectId | None:
    if classid == PG_REWRITE:
        relation = addresses.get(Address(PG_CLASS, objid))
        if relation is None or rule == "_RETURN":
            return relation
        return relation.child("rule", rule or "")
    return addresses.get(Address(classid, objid, subid)) or addresses.get(Address(classid, objid))


def _used(
    addresses: Mapping[Address, ObjectId], classid: int, objid: int, subid: int, row_type: str, elem_rel: int | None
) -> ObjectId | None:
    if row_type == "r":
        return addresses.get(Address(PG_CLASS, objid))
    if row_type == "R":
        return addresses.get(Address(PG_CLASS, elem_rel or 0))
    if classid == PG_REWRITE:
        return addresses.get(Address(PG_CLASS, objid))
    return addresses.get(Address(classid, objid, subid)) or addresses.get(Address(classid, objid))
