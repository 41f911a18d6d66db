"""pg_depend, resolved from addresses to the ids of modelled objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.kinds.base import PG_CLASS, PG_CONSTRAINT, PG_REWRITE, PG_TRIGGER, PG_TYPE

_PINNED_BELOW = 16384


def query(major: int) -> str:
    """Every dependency on something that users made, as (classid, objid, objsubid, refclassid, refobjid, refobjsubid).

    A view's query hangs on its rule, an array or row type on its element or relation: both sides are translated here
    to what bears the name. What PostgreSQL makes by itself is left out: array and row types, and the triggers of
    foreign keys.
    """
    return f"""
SELECT CASE WHEN view.oid IS NULL THEN d.classid ELSE {PG_CLASS} END::oid, coalesce(view.ev_class, d.objid), d.objsubid,
       CASE WHEN coalesce(type.relation, rule.ev_class) IS NULL THEN d.refclassid ELSE {PG_CLASS} END::oid,
       coalesce(type.relation, rule.ev_class, type.element, d.refobjid), d.refobjsubid
FROM pg_depend d
LEFT JOIN pg_rewrite view ON d.classid = {PG_REWRITE} AND view.oid = d.objid AND view.rulename = '_RETURN'
LEFT JOIN pg_rewrite rule ON d.refclassid = {PG_REWRITE} AND rule.oid = d.refobjid
LEFT JOIN (
  SELECT t.oid, e.oid AS element, nullif(coalesce(e.typrelid, t.typrelid), 0) AS relation
  FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
  WHERE e.oid IS NOT NULL OR t.typrelid <> 0
) type ON d.refclassid = {PG_TYPE} AND type.oid = d.refobjid
WHERE d.refobjid >= {_PINNED_BELOW} AND d.objid >= {_PINNED_BELOW} AND d.deptype IN ('n', 'a', 'i', 'P', 'S')
  AND NOT (d.classid = {PG_TYPE} AND d.deptype = 'i')
  AND NOT (d.classid = {PG_TRIGGER} AND d.refclassid = {PG_CONSTRAINT})
"""


def resolve(
    rows: Iterable[tuple[int, int, int, int, int, int]],
    addresses: Mapping[tuple[int, int, int], ObjectId],
    objects: Mapping[ObjectId, DbObject],
) -> dict[ObjectId, frozenset[ObjectId]]:
    """Direct dependencies by object, plus the structural ones: a member on its relation, everything on its schema."""
    uses: dict[ObjectId, list[ObjectId]] = {id: [] for id in objects}
    find = addresses.get
    for classid, objid, subid, refclass, refobj, refsub in rows:
        user = find((classid, objid, subid)) or (find((classid, objid, 0)) if subid else None)
        if user is None:
            continue
        used = find((refclass, refobj, refsub)) or (find((refclass, refobj, 0)) if refsub else None)
        if used is not None and used != user:
            uses[user].append(used)
    schemas = {id.path[0]: id for id in objects if id.kind == "schema"}
    for id, obj in objects.items():
        own = uses[id]
        table, path = obj.table, id.path
        if table is not None and table != id:
            own.append(table)
        if len(path) > 1 and (schema := schemas.get(path[0])) is not None:
            own.append(schema)
    return {id: frozenset(used) for id, used in uses.items()}
