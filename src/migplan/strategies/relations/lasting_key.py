"""By which columns the rows of a table are told apart before a drop and after it."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.sql import ident
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.index import Index
from migplan.strategies.base import Context

_Named = tuple[ObjectId, tuple[str, ...]]


@record
class LastingKey:
    """The columns of a key, all of which stay or come; ``made`` is the key itself, where the plan makes it."""

    columns: tuple[Column, ...]
    made: frozenset[ObjectId] = frozenset()


def lasting_key(context: Context, table: ObjectId) -> LastingKey | None:
    """A key whose columns all stay: the primary one, else a unique one, else a unique index, which is all that some
    ORMs make; else one that is declared, since the rows have it by the time columns are dropped."""
    for _, columns in _lasting(context, table, context.before):
        return LastingKey(columns)
    for key, columns in _lasting(context, table, context.after):
        return LastingKey(columns, frozenset({key}))
    return None


def _lasting(context: Context, table: ObjectId, side: Catalog) -> Iterable[tuple[ObjectId, tuple[Column, ...]]]:
    columns = {str(ident(c.name)): c for c in side.members_of(table, Column)}
    for key, names in _keys(side, table):
        found = [columns.get(name) for name in names]
        lasting = tuple(c for c in found if c is not None and c.not_null is not None and c.id in context.after)
        if len(lasting) == len(names):
            yield key, lasting


def _keys(catalog: Catalog, table: ObjectId) -> Iterable[_Named]:
    """Each with its columns as SQL prints them."""
    keys = [c for c in catalog.members_of(table, Constraint) if c.type in (PRIMARY_KEY, UNIQUE)]
    for key in sorted(keys, key=lambda c: (c.type != PRIMARY_KEY, c.name)):
        if "WITHOUT OVERLAPS" not in key.definition:
            yield key.id, tuple(str(ident(name)) for name in key.columns)
    for index in sorted(catalog.members_of(table, Index), key=lambda i: i.id.path):
        if index.unique and index.valid and index.predicate is None:
            yield index.id, index.keys
