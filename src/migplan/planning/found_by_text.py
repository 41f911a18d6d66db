"""Names of what the same text finds: a call a function, a foreign key an index over the columns that it refers to.

PostgreSQL binds a foreign key to the older of two such indexes. So one that is made again waits until the former ones
are gone, and on the way back until the new ones are.
"""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import CALLABLE, ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import ident
from migplan.core.steps import Name
from migplan.kinds.constraint import ATTACHABLE, Constraint
from migplan.kinds.index import Index
from migplan.kinds.names import names_of
from migplan.strategies.base import Context, Size


def still_found(context: Context, id: ObjectId) -> frozenset[Name]:
    """The names of what the object used without saying so, and that is dropped: while a function, or a foreign key's
    index, exists, the same text would find it again."""
    lost = context.before.uses.get(id, frozenset()) - context.after.objects.keys()
    routines = frozenset(Name("routine", used.path) for used in lost if used.kind in CALLABLE)
    return routines | _names(_keys(id, context.before, context.after), context.before)


def found_on_the_way_back(context: Context, id: ObjectId) -> frozenset[Name]:
    """The same of a foreign key's index that comes: it goes ahead of the foreign key on the way back. One that is new
    to a large table is built beside everything else; one that is only renamed has been there all along."""
    target: ObjectId | None = getattr(context.before[id], "target", None)
    large = target is not None and target in context.before and context.size(target) is Size.LARGE
    keys = _keys(id, context.after, context.before)
    made = context.rebuilds.items.keys() | context.changes.keys()
    came = {key for key in keys if (key in made if key in context.before else not large)}
    return _names(came, context.after)


def _names(keys: Iterable[ObjectId], catalog: Catalog) -> frozenset[Name]:
    return frozenset[Name]().union(*(names_of(catalog[key]) for key in keys))


def _keys(id: ObjectId, one: Catalog, other: Catalog) -> set[ObjectId]:
    """The indexes that a foreign key is bound to on one side only, and those that it would be bound to there as it is
    on the other side."""
    said = other.get(id, Constraint)
    if said is None:
        return set()
    used = one.uses.get(id, frozenset()) - other.uses.get(id, frozenset())
    keys = {u for u in used if u.kind in ("constraint", "index")} | set(_fitting(said, one))
    return {key for key in keys if key in one and one[key].table == said.target}


def _fitting(foreign_key: Constraint, catalog: Catalog) -> Iterable[ObjectId]:
    """Indexes over the columns that a foreign key refers to."""
    if foreign_key.target is None:
        return
    columns = set(foreign_key.target_columns)
    texts = {str(ident(column)) for column in columns}
    for member in catalog.members.get(foreign_key.target, ()):
        match member:
            case Constraint() if member.type in ATTACHABLE and set(member.columns) == columns:
                yield member.id
            case Index(unique=True, predicate=None) if set(member.keys) == texts:
                yield member.id
            case _:
                pass
