"""pg_depend, resolved from addresses to the ids of modelled objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.kinds.base import PG_CLASS, PG_CONSTRAINT, PG_REWRITE, PG_TRIGGER, PG_TYPE

_PINNED_BELOW = 16384


def query(major: int) -> str:
    """Every dependency on something that users made, and the ways from rules, defaults and types to their objects.

    Rows are (classid, objid, objsubid, refclassid, refobjid, refobjsubid). A view's query hangs on its rule, a
    default on its pg_attrdef row, an array or row type on its element or relation: the depending and the referenced
    side are both translated here, so that only modelled objects remain. What PostgreSQL makes by itself is left out:
    array and row types, and the triggers of foreign keys.
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
  AND NOT (d.classid = {PG_TYPE} AND d.deptype = 'i')
  AND NOT (d.classid = {PG_TRIGGER} AND d.refclassid = {PG_CONSTRAINT})
"""


def resolve(
    rows: Iterable[tuple[Any, ...]],
    addresses: Mapping[tuple[int, int, int], ObjectId],
    objects: Mapping[ObjectId, DbObject],
) -> dict[ObjectId, frozenset[ObjectId]]:
    """Direct dependencies by object, plus the structural ones: a member on its relation, everything on its schema."""
    uses: dict[ObjectId, list[ObjectId]] = {id: [] for id in objects}
    for classid, objid, subid, refclass, refobj, refsub, row_type, elem_rel, rule in rows:
        user = _user(addresses, classid, objid, subid, rule)
        if user is None:
            continue
        used = _used(addresses, refclass, refobj, refsub, row_type, elem_rel)
        if used is not None and user != used:
            uses.setdefault(user, []).append(used)
    schemas = {id.path[0]: id for id in objects if id.kind == "schema"}
    for id, obj in objects.items():
        structural = uses[id]
        table = obj.table
        if table is not None and table != id:
            structural.append(table)
        if len(id.path) > 1 and id.path[0] in schemas:
            structural.append(schemas[id.path[0]])
    return {id: frozenset(used) for id, used in uses.items()}


def _user(
    addresses: Mapping[tuple[int, int, int], ObjectId], classid: int, objid: int, subid: int, rule: str | None
) -> ObjectId | None:
    if classid == PG_REWRITE:
        relation = addresses.get((PG_CLASS, objid, 0))
        if relation is None or rule == "_RETURN":
            return relation
        return relation.child("rule", rule or "")
    return addresses.get((classid, objid, subid)) or addresses.get((classid, objid, 0))


def _used(
    addresses: Mapping[tuple[int, int, int], ObjectId],
    classid: int,
    objid: int,
    subid: int,
    row_type: str,
    elem_rel: int | None,
) -> ObjectId | None:
    if row_type == "r":
        return addresses.get((PG_CLASS, objid, 0))
    if row_type == "R":
        return addresses.get((PG_CLASS, elem_rel or 0, 0))
    if classid == PG_REWRITE:
        return addresses.get((PG_CLASS, objid, 0))
    return addresses.get((classid, objid, subid)) or addresses.get((classid, objid, 0))
