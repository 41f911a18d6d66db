"""Names as resources: which name spaces of PostgreSQL an object's name occupies."""

from __future__ import annotations

from typing import Final

from migplan.core.model import DbObject
from migplan.core.steps import Name
from migplan.kinds.column import Column
from migplan.kinds.constraint import INDEXED, PRIMARY_KEY, Constraint
from migplan.kinds.function import Routine
from migplan.kinds.index import Index
from migplan.kinds.not_null import not_null_name
from migplan.kinds.range import Range

_RELATIONS: Final = frozenset(
    {"table", "view", "materialized_view", "foreign_table", "sequence", "index", "composite_type"}
)
_TYPES: Final = frozenset(
    {
        "sequence",
        "table",
        "view",
        "materialized_view",
        "foreign_table",
        "composite_type",
        "enum",
        "domain",
        "range",
        "base_type",
    }
)
"""A sequence has no row type, but isn't made where a type bears its name."""
_ROUTINES: Final = frozenset({"function", "procedure", "aggregate"})
_PLACES: Final = frozenset({"primary key", "clustered"})
"""What a table has room for once, whatever the object is called that has it."""


def names_of(obj: DbObject) -> frozenset[Name]:
    """The names that no other object may bear while this one exists, beyond its own kind's.

    A call that fits two functions, one of them by its defaults, is ambiguous: such a call is a name as well.
    """
    names: set[Name] = set()
    kind, path = obj.id
    if kind in _RELATIONS:
        names.add(Name("relation", path))
    if kind in _TYPES:
        names.add(Name("type", path))
    if kind in _ROUTINES:
        names.add(Name("routine", path))
    if isinstance(obj, Routine):
        names |= {Name("call", (*path[:2], types)) for types in obj.calls}
    if isinstance(obj, Constraint):
        names.add(Name("constraint", path))
        if obj.type == PRIMARY_KEY:
            names.add(Name("primary key", obj.relation.path))
        if obj.type in INDEXED:
            names.add(Name("relation", (path[0], obj.name)))
    if isinstance(obj, (Constraint, Index)) and obj.clustered:
        names.add(Name("clustered", obj.relation.path))
    if isinstance(obj, Range):
        names.add(Name("type", obj.multirange))
    if isinstance(obj, Column):
        names.add(Name("column", path))
    if isinstance(obj, Column) and obj.identity is not None:
        names |= {Name("relation", obj.identity.sequence), Name("type", obj.identity.sequence)}
    if isinstance(obj, Column) and obj.not_null is not None and obj.not_null.given is not None:
        names.add(Name("constraint", (*obj.relation.path, not_null_name(obj, obj.not_null))))
    return frozenset(names)


def borne_names(obj: DbObject) -> frozenset[Name]:
    """The names that a rename changes."""
    return frozenset(n for n in names_of(obj) if n.space not in _PLACES)
