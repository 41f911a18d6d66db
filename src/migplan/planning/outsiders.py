"""What a plan can't drop or make anew, because somebody stands on it whom the plan doesn't know.

The shadow holds managed objects only, so the proof sees nothing of this; PostgreSQL would refuse when the plan runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from migplan.core.changes import Alter, Rename
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.outsiders import Outsider
from migplan.kinds.column import Column
from migplan.kinds.composite_type import CompositeType
from migplan.planning.plan import Draft

Outsiders = Mapping[ObjectId, Collection[Outsider]]
_BEAR_TYPES = frozenset({"table constraint", "table", "foreign table"})
"""Foreign keys are made anew by ALTER TABLE itself, children of a table follow it."""
_HOLD_VALUES = frozenset({"table column", "materialized view column"})
_HINT = "declare it and add its schema to [manage] schemas, or drop it first"


def with_outsiders(draft: Draft, before: Catalog, outsiders: Outsiders, aside: Iterable[Rename] = ()) -> Draft:
    """The draft, blocked by every one of ``outsiders`` that stands in its way.

    ``before`` has the names after the draft's renames and those that make room (``aside``), ``outsiders`` those of the
    live database.
    """
    reasons = list(dict.fromkeys(_reasons(draft, before, _followed(outsiders, (*draft.renames, *aside)))))
    return replace(draft, blocked=(*draft.blocked, *reasons)) if reasons else draft


def _reasons(draft: Draft, before: Catalog, outsiders: Outsiders) -> Iterator[str]:
    retyped = {c.id for c in draft.changes if isinstance(c, Alter) and isinstance(c.old, Column) and "type" in c.fields}
    reshaped = {c.id for c in draft.changes if isinstance(c, Alter) and _retypes(c.old, c.new)}
    for used in sorted(outsiders):
        for user in sorted(outsiders[used]):
            if used in draft.gone or (used in before and before[used].table in draft.gone):
                what = "which the plan drops or makes anew"
            elif used in reshaped and user.what in _HOLD_VALUES:
                what = "one of whose attributes the plan gives another type"
            elif used in retyped and user.what not in _BEAR_TYPES:
                what = "whose type the plan changes"
            elif _holds(before, used, retyped) and user.what.endswith(" column"):
                what = "of which the plan changes a column's type"
            else:
                continue
            yield f"{user} depends on {used}, {what}, and is not managed: {_HINT}"


def _retypes(old: DbObject, new: DbObject) -> bool:
    """Whether some attribute of a composite type gets another one; columns bear those that come and go."""
    if not isinstance(old, CompositeType) or not isinstance(new, CompositeType):
        return False
    types = {a.name: (a.type, a.collation) for a in new.attributes}
    return any(types.get(a.name, (a.type, a.collation)) != (a.type, a.collation) for a in old.attributes)


def _holds(before: Catalog, table: ObjectId, columns: Collection[ObjectId]) -> bool:
    return any(id in before and before[id].table == table for id in columns)


def _followed(outsiders: Outsiders, renames: Collection[Rename]) -> Outsiders:
    return {_renamed(used, renames): users for used, users in outsiders.items()} if renames else outsiders


def _renamed(id: ObjectId, renames: Iterable[Rename]) -> ObjectId:
    """Where a live object is after the renames: its schema's, its relation's and its own."""
    for rename in sorted(renames, key=lambda r: len(r.old.path)):
        old, new = rename.old, rename.new
        if id == old:
            return new
        if len(id.path) > len(old.path) == len(new.path) and id.path[: len(old.path)] == old.path:
            id = ObjectId(id.kind, (*new.path, *id.path[len(old.path) :]))
    return id
