"""Names of NOT NULL constraints that a plan has to say.

PostgreSQL makes one up where none is said (18 for columns, 17 for domains), and takes another where the schema has it
already. What goes and what comes are there together for a while: a name that is free in the end may not be free then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.kinds._descendants import ancestors
from migplan.kinds.column import Column, NotNull
from migplan.kinds.constraint import Constraint
from migplan.kinds.domain import Domain, DomainNotNull, domain_not_null_name, named_not_null
from migplan.kinds.not_null import not_null_name, with_not_null_name

_Name = tuple[str, str]
"""A schema, and the name of a constraint in it."""
_COLUMNS: Final = 18
_DOMAINS: Final = 17


def with_spelled_names(one: Catalog, other: Catalog) -> Catalog:
    """``one`` with the names of those NOT NULL constraints spelled out that ``other`` lacks, and that something else
    bears on the way from or to it."""
    compared = one.compared_with(other)
    differing = (*(one[id] for id in sorted(compared.gone)), *(mine for mine, _ in compared.changed))
    bearing = (o for o in differing if isinstance(o, Column | Domain))
    new = {name: obj for obj in bearing if (name := _new_name(obj, one, other)) is not None}
    if not new:
        return one
    theirs, ours = _bearers(new.keys(), other), _bearers(new.keys(), one)
    taken = [
        obj
        for name, obj in new.items()
        if theirs[name] - {obj.id} or any(_comes_earlier(b, obj, one, other) for b in ours[name] - {obj.id})
    ]
    spelled: dict[ObjectId, DbObject] = {o.id: _spelled(o) for o in taken}
    return replace(one, objects={**one.objects, **spelled}) if spelled else one


def _new_name(obj: Column | Domain, one: Catalog, other: Catalog) -> _Name | None:
    """The name that PostgreSQL will make up for the object's NOT NULL, where the other side has none there."""
    if one.major < (_COLUMNS if isinstance(obj, Column) else _DOMAINS):
        return None
    if obj.not_null is None or obj.not_null.name is not None or (isinstance(obj, Column) and _from_above(obj)):
        return None
    counterpart = other.get(obj.id, type(obj))
    return _name(obj, obj.not_null) if counterpart is None or counterpart.not_null is None else None


def _from_above(column: Column) -> bool:
    """Whether its NOT NULL comes from its parent's."""
    return column.inherited and column.not_null is not None and not column.not_null.local


def _name(obj: Column | Domain, not_null: NotNull | DomainNotNull) -> _Name:
    if isinstance(obj, Column):
        assert isinstance(not_null, NotNull)
        return obj.id.path[0], not_null_name(obj, not_null)
    assert isinstance(not_null, DomainNotNull)
    return obj.id.path[0], domain_not_null_name(obj, not_null)


def _bearers(wanted: Iterable[_Name], side: Catalog) -> dict[_Name, set[ObjectId]]:
    names = frozenset(wanted)
    found: dict[_Name, set[ObjectId]] = defaultdict(set)
    for obj in side:
        for name in _names(obj):
            if name in names:
                found[name].add(obj.id)
    return found


def _names(obj: DbObject) -> Iterator[_Name]:
    """The constraints that an object is or has."""
    if isinstance(obj, Constraint):
        yield obj.id.path[0], obj.id.path[-1]
    if isinstance(obj, Column | Domain) and obj.not_null is not None:
        yield _name(obj, obj.not_null)
    if isinstance(obj, Domain):
        yield from ((obj.id.path[0], check.name) for check in obj.checks)


def _comes_earlier(bearer: ObjectId, obj: DbObject, one: Catalog, other: Catalog) -> bool:
    """Whether another object of the same side may be there first. What inherits a column has its NOT NULL from the
    parent's, unless the table is new to a parent that isn't."""
    column = one.get(bearer, Column)
    if column is None or not column.inherited:
        return True
    if obj.table is None or obj.table not in other:
        return False
    was, is_ = (frozenset(ancestors(column.relation, side)) for side in (other, one))
    return column.relation not in other or not is_ <= was


def _spelled(obj: DbObject) -> DbObject:
    if isinstance(obj, Column):
        return with_not_null_name(obj)
    assert isinstance(obj, Domain)
    return named_not_null(obj)
