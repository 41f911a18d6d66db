"""pg_depend, resolved from addresses to the ids of modelled objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from migplan.core.ids import ObjectId
from migplan.core.model import Address, DbObject
from migplan.core.uses import Uses
from migplan.kinds.base import PG_CLASS, PG_CONSTRAINT, PG_REWRITE, PG_TRIGGER, PG_TYPE

_PINNED_BELOW = 16384
_GOES_ALONG = "aiPS"
"""The kinds of dependency with which an object is dropped together with the other one, unasked."""


class References(NamedTuple):
    """``uses`` of modelled objects, and what isn't modelled or wasn't read and stands on one of them."""

    uses: Uses
    outsiders: frozenset[tuple[Address, ObjectId]]


def query(major: int) -> str:
    """Every dependency on something that users made, as (classid, objid, objsubid, refclassid, refobjid, refobjsubid,
    deptype).

    A view's query hangs on its rule, an array or row type on its element or relation: both sides are translated here
    to what bears the name. What PostgreSQL makes by itself is left out: array and row types, and the triggers of
    foreign keys.
    """
    return f"""
SELECT CASE WHEN view.oid IS NULL THEN d.classid ELSE {PG_CLASS} END::oid, coalesce(view.ev_class, d.objid), d.objsubid,
       CASE WHEN coalesce(type.relation, rule.ev_class) IS NULL THEN d.refclassid ELSE {PG_CLASS} END::oid,
       coalesce(type.relation, rule.ev_class, type.element, d.refobjid), d.refobjsubid, d.deptype::text
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


Row = tuple[int, int, int, int, int, int, str]


class Resolving:
    """Direct dependencies by object, plus the structural ones: a member on its relation, everything on its schema.

    ``addresses`` may grow after rows were taken: those with an object that wasn't there yet are looked at again.
    """

    def __init__(self, addresses: Mapping[Address, ObjectId]) -> None:
        self._addresses = addresses
        self._uses: defaultdict[ObjectId, list[ObjectId]] = defaultdict(list)
        self._open: list[Row] = []

    def take(self, rows: Iterable[Row]) -> None:
        """Resolves what can be resolved by now."""
        find, uses, leave = self._addresses.get, self._uses, self._open.append
        for row in rows:
            classid, objid, subid, refclass, refobj, refsub, _ = row
            if (used := find((refclass, refobj, refsub))) is None or (user := find((classid, objid, subid))) is None:
                leave(row)
            elif user != used:
                uses[user].append(used)

    def finished(self, objects: Mapping[ObjectId, DbObject]) -> References:
        """The references of ``objects``, all of which have their addresses now."""
        find, found = self._addresses.get, self._uses
        outside: set[tuple[Address, ObjectId]] = set()
        inside: set[Address] = set()
        for classid, objid, subid, refclass, refobj, refsub, how in self._open:
            used = find((refclass, refobj, refsub)) or (find((refclass, refobj, 0)) if refsub else None)
            if used is None:
                continue
            user = find((classid, objid, subid)) or (find((classid, objid, 0)) if subid else None)
            if user is None:
                address = (classid, objid, subid)
                outside.add((address, used))
                if how in _GOES_ALONG and not _is_partition(address, (refclass, refobj, refsub), how):
                    inside.add(address)
            elif user != used:
                found[user].append(used)
        outsiders = frozenset((address, used) for address, used in outside if address not in inside)
        return References(Uses(dict(found), objects), outsiders)


def _is_partition(user: Address, used: Address, how: str) -> bool:
    """A partition goes with its table unasked, and its rows with it: somebody has to know of them."""
    return how == "a" and user[0] == used[0] == PG_CLASS and user[2] == used[2] == 0
