"""How two values of a column are told apart.

Some types have no equality operator, and IS DISTINCT FROM refuses their values. Others take for equal what isn't the
same: ``'A'`` and ``'a'`` of citext or under a collation that isn't deterministic, ``1.0`` and ``1.00``.
"""

from __future__ import annotations

from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.sql import Sql, ident, sql
from migplan.kinds.collation import Collation
from migplan.kinds.column import Column
from migplan.kinds.column_domains import domain_of
from migplan.kinds.composite_type import CompositeType
from migplan.kinds.domain import Domain
from migplan.kinds.enum import Enum

_NO_EQUALITY: Final = frozenset({"json", "xml", "point", "polygon", "box", "circle", "path", "lseg", "line"})
_COLLATABLE: Final = frozenset({"text", "character varying", "character"})
_EXACT: Final = frozenset(
    {
        *("smallint", "integer", "bigint", "boolean", "text", "character varying", "uuid", "bytea", "date"),
        *("timestamp without time zone", "timestamp with time zone", "time without time zone"),
    }
)
"""Types whose equal values are the same."""


@record
class Compared:
    """What decides how values are compared: whether their types have no equality, so that their texts are compared;
    whether equal means the same; and the collation, where there can be one."""

    as_text: bool = False
    exact: bool = True
    collation: str | None = None


def compared(column: Column, catalog: Catalog) -> Compared:
    """How the column's values are compared, by what its domain or composite type is made of."""
    beneath = {column.type} | _beneath(column.id, catalog)
    as_text = not all(map(has_equality, beneath)) or is_domain_over_enum(column, catalog)
    collation = column.collation or ('pg_catalog."default"' if {_plain(t) for t in beneath} & _COLLATABLE else None)
    exact = {_plain(t) for t in beneath} <= _EXACT | _whole(catalog, column.id) and _is_deterministic(column, catalog)
    return Compared(as_text, exact, collation)


def has_equality(type: str) -> bool:
    """Whether PostgreSQL's own type has it, or an array of it."""
    return type.removesuffix("[]") not in _NO_EQUALITY


def distinct(left: Sql, right: Sql, by: Compared, other: Compared | None = None) -> Sql:
    """Two values aren't equal; what has no equality is compared as text. ``other`` is how the right one's column is:
    PostgreSQL doesn't choose between two collations."""
    if by.as_text:
        left, right = sql("({})::text", left), sql("({})::text", right)
    elif other is not None and by.collation is not None and other.collation not in (None, by.collation):
        left, right = sql('({}) COLLATE "C"', left), sql('({}) COLLATE "C"', right)
    return sql("{} IS DISTINCT FROM {}", left, right)


def changed(new: Sql, old: Sql, by: Compared) -> Sql:
    """Two values of one column aren't the same, whatever its type takes for equal."""
    if by.exact and not by.as_text:
        return sql("{} IS DISTINCT FROM {}", new, old)
    return sql("{}::text{} IS DISTINCT FROM {}::text", new, Sql(' COLLATE "C"' if by.collation else ""), old)


def is_domain_over_enum(column: Column, catalog: Catalog) -> bool:
    """Whether its values have to be cast to be compared: the enums' operators are declared for anyenum, which takes no
    domain (manual: Polymorphic Types). Arrays of such a domain have operators."""
    return _is_over_enum(column.type, column.id, catalog)


def _is_over_enum(type: str, user: ObjectId, catalog: Catalog) -> bool:
    domain = domain_of(user, type, catalog)
    if domain is None:
        return False
    enums = (u for u in catalog.uses.get(domain.id, ()) if u.kind == "enum")
    return any(ident(*u.path) == domain.type for u in enums) or _is_over_enum(domain.type, domain.id, catalog)


def _plain(type: str) -> str:
    """Without length and brackets."""
    bare, _, rest = type.removesuffix("[]").partition("(")
    return bare + rest.partition(")")[2]


def _beneath(id: ObjectId, catalog: Catalog) -> set[str]:
    found = set[str]()
    for used in catalog.uses.get(id, ()):
        obj = catalog.objects.get(used)
        if isinstance(obj, Domain):
            found |= {obj.type} | _beneath(used, catalog)
        elif isinstance(obj, CompositeType):
            found |= {a.type for a in obj.attributes} | _beneath(used, catalog)
    return found


def _whole(catalog: Catalog, id: ObjectId) -> set[str]:
    """The names of the enums, domains and composite types that a column is made of: what is beneath them counts."""
    found = set[str]()
    for used in catalog.uses.get(id, ()):
        if isinstance(catalog.objects.get(used), (Enum, Domain, CompositeType)):
            found |= {str(ident(*used.path))} | _whole(catalog, used)
    return found


def _is_deterministic(column: Column, catalog: Catalog) -> bool:
    used = (catalog.objects.get(id) for id in catalog.uses.get(column.id, ()))
    return all(c.deterministic for c in used if isinstance(c, Collation))
