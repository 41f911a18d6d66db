"""What stands on managed objects without being managed: objects of other schemas, of extensions, ignored ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Address, Catalog
from migplan.core.outsiders import Outsider
from migplan.source.connect import Connection

_NAMES: Final = r"""
SELECT asked.n, named.type, named.identity, member.objid IS NOT NULL
FROM unnest(%s::oid[], %s::oid[], %s::int[]) WITH ORDINALITY asked (class, object, sub, n)
CROSS JOIN LATERAL pg_identify_object(asked.class, asked.object, asked.sub) named
CROSS JOIN LATERAL pg_identify_object_as_address(asked.class, asked.object, asked.sub) address
LEFT JOIN pg_depend member ON member.classid = asked.class AND member.objid = asked.object AND member.deptype = 'e'
WHERE named.identity IS NOT NULL AND address.object_names[1] !~ '^(pg_temp.*|pg_toast.*|migplan|~.*~(new|old))$'
  AND NOT (asked.class = 'pg_type'::regclass AND asked.object IN (SELECT typarray FROM pg_type))
"""
"""Temporary objects go with their session; migplan's own are looked after by the plan that made them. An array type
goes with that of its elements."""
_UNASKED: Final = frozenset({"publication", "sequence", "statistics"})
"""They leave what is dropped, or go with it."""


def outsiders(connection: Connection, read: Catalog, managed: Catalog) -> dict[ObjectId, frozenset[Outsider]]:
    """Who else stands on the objects of ``managed``, which is what remains of ``read`` without what is ignored."""
    found: dict[ObjectId, set[Outsider]] = {}
    for user, used in _ignored(read, managed):
        found.setdefault(used, set()).add(Outsider(user.kind.replace("_", " "), user.name))
    asked = [(address, used) for address, used in read.outsiders if used in managed]
    names = _names(connection, sorted({address for address, _ in asked}))
    for address, used in asked:
        named = names.get(address)
        if named is not None and not (used.kind == "schema" and named[1]):
            found.setdefault(used, set()).add(named[0])
    return {used: frozenset(users) for used, users in found.items()}


def _ignored(read: Catalog, managed: Catalog) -> list[tuple[ObjectId, ObjectId]]:
    """What is ignored, with what it stands on, without what it belongs to: it goes with that."""
    found: list[tuple[ObjectId, ObjectId]] = []
    for user in read.objects.keys() - managed.objects.keys():
        if user.kind in _UNASKED:
            continue
        table = read[user].table
        others = (used for used in read.uses[user] if used in managed)
        found += [(user, used) for used in others if table is None or table not in (used, read[used].table)]
    return found


def _names(connection: Connection, addresses: list[Address]) -> Mapping[Address, tuple[Outsider, bool]]:
    """By address what it is called, and whether an extension made it: then it comes and goes with the extension."""
    if not addresses:
        return {}
    rows = connection.execute(_NAMES, [list(column) for column in zip(*addresses, strict=True)]).fetchall()
    return {addresses[n - 1]: (Outsider(what, name), of_extension) for n, what, name, of_extension in rows}
