"""What stands under an object's old name until the application has left it: a view, a domain, or a copy of a routine.

A simple view passes SELECT, INSERT, UPDATE, DELETE and ON CONFLICT on to its table (manual: CREATE VIEW, Updatable
Views). A domain over a type takes its place in casts. A routine holds no data: its copy does what it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, Grant
from migplan.core.settings import Settings
from migplan.core.sql import ident, join, sql
from migplan.core.steps import Part
from migplan.kinds._routine_names import under_name
from migplan.kinds.aggregate import Aggregate
from migplan.kinds.column import Column
from migplan.kinds.default_privileges import DefaultPrivileges
from migplan.kinds.domain import Domain
from migplan.kinds.function import Routine
from migplan.kinds.table import Table, columns_of
from migplan.kinds.view import View
from migplan.kinds.view_column import ViewColumn, columns_of_view
from migplan.strategies.names.rename import called_by_applications
from migplan.strategies.pieces import Pieces

_RELATIONS: Final = frozenset({"table", "foreign_table", "view", "materialized_view"})
_TYPES: Final = frozenset({"enum", "domain", "composite_type", "range"})
_LIMITS: Final = {
    "table": "COPY, TRUNCATE, LOCK TABLE, ON CONFLICT ON CONSTRAINT, MERGE (before 17) and ctid need the new name",
    "materialized_view": "REFRESH MATERIALIZED VIEW needs the new name",
    "range": "its constructors, and its multirange where it is named after it, go by the new name at once",
    "enum": "drivers that look the type up by name find a domain",
}


def alias(
    obj: DbObject,
    old: ObjectId,
    now: ObjectId,
    catalog: Catalog,
    settings: Settings,
    defaults: tuple[DefaultPrivileges, ...] = (),
    names: Mapping[ObjectId, str] | None = None,
) -> Part | None:
    """The stand-in under the id ``old`` for ``obj`` (of ``catalog``), which is called ``now`` when it is made.

    ``defaults`` are the default privileges in force when it is made, first or on the way back. ``names`` are
    those that columns have then, where they are renamed as well. None where no application says the object's name, or
    PostgreSQL has nothing that could stand in.
    """
    shown = [_called_so(column, names or {}) for column in _shown(obj, catalog)]
    stand_in = _stand_in(obj, old, now, catalog, shown)
    if stand_in is None:
        return None
    columns = _columns(stand_in, shown)
    objects = {o.id: o for o in (stand_in, *columns)}
    uses = {stand_in.id: frozenset({obj.id}), **{c.id: frozenset({stand_in.id}) for c in columns}}
    world = replace(catalog, objects={**catalog.objects, **objects}, uses={**catalog.uses, **uses})
    parts = Pieces(world, replace(settings, grants=True, owners=False), defaults).of(stand_in.id)
    return Part(
        tuple(s for part in parts for s in part.create),
        tuple(s for part in reversed(parts) for s in part.drop),
        frozenset({stand_in.id}),
        frozenset({obj.id, *(c.id for c in catalog.members_of(obj.id, Column)), *_below(obj, catalog)}),
    )


def limits(obj: DbObject, major: int) -> list[str]:
    """What doesn't work through the stand-in."""
    found = [_LIMITS[obj.id.kind]] if obj.id.kind in _LIMITS else []
    if obj.id.kind in _RELATIONS and major < 15:
        found.append("before PostgreSQL 15 the view under the old name reads with its owner's rights")
    return found


def unsafe(obj: DbObject, major: int) -> str | None:
    """Why a stand-in would show more than the object does."""
    if isinstance(obj, Table) and obj.row_security and major < 15:
        return "a view under the old name would pass by its row security, for views have no security_invoker before 15"
    return None


def grantees(obj: DbObject, catalog: Catalog) -> frozenset[str]:
    """The roles that the stand-in's grants name."""
    granted: tuple[Grant, ...] = obj.grants or ()
    columns = (g for c in catalog.members_of(obj.id, Column) for g in c.grants or ())
    return frozenset(g.grantee for g in (*granted, *columns) if g.grantee.strip("\x00") not in ("", "owner"))


def _called_so(column: Column | ViewColumn, names: Mapping[ObjectId, str]) -> Column | ViewColumn:
    name = names.get(column.id)
    return column if name is None else replace(column, id=ObjectId(column.id.kind, (*column.id.path[:-1], name)))


def _stand_in(
    obj: DbObject, old: ObjectId, now: ObjectId, catalog: Catalog, shown: Sequence[Column | ViewColumn]
) -> DbObject | None:
    if not called_by_applications(obj):
        return None
    if obj.id.kind in _RELATIONS:
        names = join(", ", (ident(c.name) for c in shown))
        return View(
            id=ObjectId("view", old.path),
            owner=obj.owner,
            grants=obj.grants,
            definition=sql("SELECT {} FROM {}", names, ident(*now.path)),
            columns=(),
            options=(("security_invoker", "true"),) if catalog.major >= 15 else (),
        )
    if obj.id.kind in _TYPES:
        return Domain(id=ObjectId("domain", old.path), owner=obj.owner, grants=obj.grants, type=ident(*now.path))
    id = ObjectId(obj.id.kind, (*old.path[:2], *obj.id.path[2:]))
    if isinstance(obj, Routine):
        return replace(obj, id=id, comment=None, definition=under_name(obj.definition, id))
    return replace(obj, id=id, comment=None) if isinstance(obj, Aggregate) else None


def _columns(stand_in: DbObject, shown: Iterable[Column | ViewColumn]) -> list[ViewColumn]:
    """The view's columns with the grants of those that they show."""
    return [
        ViewColumn(
            id=stand_in.id.child("view_column", column.name),
            relation=stand_in.id,
            position=column.position,
            grants=column.grants,
            type_storage="PLAIN",
        )
        for column in shown
    ]


def _shown(obj: DbObject, catalog: Catalog) -> list[Column | ViewColumn]:
    if obj.id.kind not in _RELATIONS:
        return []
    return [*columns_of(obj.id, catalog), *columns_of_view(obj.id, catalog)]


def _below(obj: DbObject, catalog: Catalog) -> frozenset[ObjectId]:
    """What a routine's copy stands on, as the routine does."""
    return catalog.uses.get(obj.id, frozenset()) if isinstance(obj, Routine | Aggregate) else frozenset()
