"""Types without an equality operator, and what is made of them: IS DISTINCT FROM refuses their values."""

from __future__ import annotations

from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.kinds.column import Column
from migplan.kinds.composite_type import CompositeType
from migplan.kinds.domain import Domain

_NO_EQUALITY: Final = frozenset({"json", "xml", "point", "polygon", "box", "circle", "path", "lseg", "line"})


def has_equality(type: str) -> bool:
    """Whether PostgreSQL's own type has it, or an array of it."""
    return type.removesuffix("[]") not in _NO_EQUALITY


def compared_type(column: Column, catalog: Catalog) -> str:
    """The column's type; of a domain or composite type the one that is in there and has no equality."""
    return next(iter(sorted(_without(column.id, catalog))), column.type)


def _without(id: ObjectId, catalog: Catalog) -> set[str]:
    found = set[str]()
    for used in catalog.uses.get(id, ()):
        obj = catalog.objects.get(used)
        if isinstance(obj, Domain):
            found |= {obj.type} | _without(used, catalog)
        elif isinstance(obj, CompositeType):
            found |= {a.type for a in obj.attributes} | _without(used, catalog)
    return {type for type in found if not has_equality(type)}
