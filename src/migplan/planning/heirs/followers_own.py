"""What a table below has of its own of what its parent's change makes there: settings, a NOT NULL, no default."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.sql import ident
from migplan.core.steps import Name, Statement
from migplan.kinds._descendants import ancestors
from migplan.kinds.column import Column
from migplan.kinds.column_clauses import column_extras, set_compression
from migplan.kinds.default import Default, drop_default
from migplan.kinds.kept_not_null import required_above
from migplan.kinds.names import names_of
from migplan.kinds.not_null import change_not_null, with_not_null_name
from migplan.strategies.pieces import Pieces

_NAMED: Final = 18
"""From that version on NOT NULL constraints have names."""


def own_attributes(
    followers: Iterable[ObjectId], other: Catalog, pieces: Pieces, made_anew: frozenset[ObjectId]
) -> tuple[Statement, ...]:
    """What sets the attributes of those that only this side has, or that come anew: their parents' changes don't."""
    new = sorted(f for f in followers if f in pieces.catalog and (f not in other or f in made_anew))
    return tuple(s for id in new for s in (*_settings(pieces.catalog[id], pieces.catalog), *pieces.attributes(id)))


def _settings(obj: DbObject, catalog: Catalog) -> list[Statement]:
    """A column's storage, statistics and the like; identity comes with its parent's, NOT NULL where that has one."""
    if not isinstance(obj, Column):
        return []
    bare = replace(obj, identity=None, not_null=None)
    extras = column_extras(bare, ident(*obj.relation.path))
    own = with_not_null_name(obj) if catalog.major >= _NAMED and obj.not_null is not None else obj
    required = change_not_null(bare, own) if _has_own_not_null(obj, catalog) else []
    compressed = [set_compression(obj)] if obj.compression is not None else []
    return [*extras, *compressed, *required, *_without_default(obj, catalog)]


def _has_own_not_null(column: Column, catalog: Catalog) -> bool:
    return column.not_null is not None and not required_above(column, catalog)


def names_of_own_not_nulls(columns: Iterable[ObjectId], catalog: Catalog, other: Catalog) -> frozenset[Name]:
    """Those that followers which only one side has bear by themselves."""
    there = (c for id in columns if id not in other and (c := catalog.get(id, Column)) is not None)
    own = (names_of(c) for c in there if _has_own_not_null(c, catalog))
    return frozenset(name for names in own for name in names if name.space == "constraint")


def _without_default(column: Column, catalog: Catalog) -> list[Statement]:
    """An inherited column has the default of the one that is added above it, where it isn't to have any."""
    own = Default(id=ObjectId("default", column.id.path), relation=column.relation, expression="")
    above = any(p.child("default", column.name) in catalog for p in ancestors(column.relation, catalog))
    return [drop_default(own)] if above and own.id not in catalog and column.generated is None else []
