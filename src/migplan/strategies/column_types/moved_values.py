"""Columns that move to the new incarnation of their type, with the values that they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migplan.core.changes import Alter
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.core.steps import Statement
from migplan.kinds.column import Column
from migplan.kinds.column_clauses import change_type
from migplan.kinds.composite_type import Attribute, CompositeType
from migplan.kinds.named_below import with_room
from migplan.kinds.registry import kind_of
from migplan.kinds.type_casts import cast_by_text
from migplan.strategies.base import Context


def moving(context: Context, type: ObjectId) -> list[ObjectId]:
    """What moves to the new incarnation of the type; a column that gets one which has nothing to do with it goes over
    by itself."""
    followers = (f for f, causes in context.rebuilds.followers.items() if type in causes)
    return sorted(f for f in followers if not _leaves(context, f, type))


def _leaves(context: Context, follower: ObjectId, type: ObjectId) -> bool:
    change = context.changes.get(follower)
    retyped = isinstance(change, Alter) and "type" in change.fields
    return retyped and type not in context.after.uses.get(follower, frozenset())


def moves(followers: Iterable[ObjectId], before: Catalog, after: Catalog) -> Iterator[Statement]:
    """The statements that move each follower from the incarnation that was set aside to the new one, parents first."""
    for id in sorted(followers, key=lambda id: (c := before.get(id, Column)) is not None and c.inherited):
        if id not in after:
            continue
        old, moved = before.get(id, Column), list(_moved(id, before, after))
        yield from moved if old is None or old.inherited else with_room(old, moved, before)


def _moved(id: ObjectId, before: Catalog, after: Catalog) -> Iterable[Statement]:
    column, composite = after.get(id, Column), _rearranged(id, before, after)
    if column is not None and composite is not None and not column.inherited:
        return change_type(column, by_name(ident(column.name), column.type, *composite))
    return kind_of(id).follow(before[id], after[id])


def loses_places(id: ObjectId, before: Catalog, after: Catalog) -> bool:
    """Whether a column holds values of a composite type whose attributes take other places, where no expression over
    the row can put them there: in arrays and inside of other types."""
    column = before.get(id, Column)
    found = None if column is None else _stored(column, before, after)
    return found is not None and column is not None and not _is_plain(column, found[0])


def _rearranged(id: ObjectId, before: Catalog, after: Catalog) -> tuple[CompositeType, CompositeType] | None:
    """The type's two forms where its attributes take other places and the column holds it as it is."""
    column = before.get(id, Column)
    found = None if column is None else _stored(column, before, after)
    return found if column is not None and found is not None and _is_plain(column, found[0]) else None


def _stored(column: Column, before: Catalog, after: Catalog) -> tuple[CompositeType, CompositeType] | None:
    todo, seen = list(before.uses.get(column.id, ())), set[ObjectId]()
    while todo:
        id = todo.pop()
        old, new = before.get(id, CompositeType), after.get(id, CompositeType)
        if old is not None and new is not None and _names(old) != _names(new):
            return old, new
        if id not in seen and id.kind in ("composite_type", "domain", "range"):
            todo += before.uses.get(id, ())
        seen.add(id)
    return None


def _is_plain(column: Column, composite: CompositeType) -> bool:
    return column.type == composite.id.name


def _names(composite: CompositeType) -> list[str]:
    return [a.name for a in composite.attributes]


def by_name(value: Sql, type: str, old: CompositeType, new: CompositeType, rest: Sql | None = None) -> Sql:
    """Attribute by attribute, by its name, as ``type``. A value that is NULL stays NULL.

    What is new is NULL, or stays what it is in ``rest``, a value of ``type``.
    """
    known = {a.name: a for a in old.attributes}
    items = [
        _attribute(value, a.name, known[a.name].type, a.type) if a.name in known else _own(a, rest)
        for a in new.attributes
    ]
    return sql(
        "CASE WHEN {} IS NOT DISTINCT FROM NULL THEN NULL ELSE ROW({})::{} END",
        value,
        join(", ", items),
        deparsed(type),
    )


def _own(attribute: Attribute, rest: Sql | None) -> Sql:
    if rest is None:
        return sql("NULL::{}", deparsed(attribute.type))
    return sql("({}).{}", rest, ident(attribute.name))


def _attribute(value: Sql, name: str, old: str, new: str) -> Sql:
    """A type that isn't built in may have another incarnation by then, to which there is no cast."""
    field = sql("({}).{}", value, ident(name))
    return field if old == new and "." not in new else cast_by_text(field, old, new)
