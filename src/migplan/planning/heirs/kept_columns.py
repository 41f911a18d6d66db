"""Inherited columns that stay where their parent's goes: from then on they are their table's own, as if it had declared
them. DROP COLUMN takes along what is only inherited, so it is told by marking them as declared.

Their NOT NULL bears the parent's name (18 and later), which can only be changed once that one is gone; so does one that
they keep where the parent's column loses its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from migplan.core.changes import Alter, Change, Drop
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.steps import Statement, Step
from migplan.kinds._descendants import ancestors, heirs
from migplan.kinds.column import Column
from migplan.kinds.kept_not_null import own_names
from migplan.kinds.not_null import change_not_null, not_null_name, rename_not_null


def with_kept_columns(
    catalog: Catalog, dropped: Iterable[DbObject], other: Catalog, rebuilt: frozenset[ObjectId]
) -> Catalog:
    """The catalog; of columns that are ``dropped`` from it, those below that the ``other`` side has as well."""
    columns = (c for c in dropped if isinstance(c, Column))
    kept = {c.id: replace(c, local=True) for column in columns for c in _kept(column, catalog, other)}
    kept = {id: c for id, c in kept.items() if c.relation not in rebuilt}
    return replace(catalog, objects={**catalog.objects, **kept}) if kept else catalog


def with_own_names(steps: Iterable[Step], changes: Iterable[Change], before: Catalog, after: Catalog) -> list[Step]:
    """The steps; those after which such columns are their tables' own name their NOT NULL as it is declared. Where the
    parent gets the column, or gets it back, they keep that name."""
    gone, freed = dict[ObjectId, list[Statement]](), dict[Statement, list[Statement]]()
    for change in changes if after.major >= _NAMED else ():
        match change:
            case Drop(old) if isinstance(old, Column):
                gone[old.id] = list(_renamed(old, before, after))
            case Alter(old, new) if isinstance(old, Column) and old.not_null and getattr(new, "not_null", None) is None:
                (dropping,) = change_not_null(old, replace(old, not_null=None))
                freed[dropping] = own_names(old, before, after)
            case _:
                pass
    made = [_named(step, gone) for step in steps] if any(gone.values()) else list(steps)
    return [_freed(step, freed) for step in made] if any(freed.values()) else made


_NAMED = 18


def _kept(column: Column, one: Catalog, other: Catalog) -> Iterator[Column]:
    found = (heir.child("column", column.name) for heir in heirs(column.relation, one))
    return (c for id in found if id in other and (c := one.get(id, Column)) is not None)


def _renamed(column: Column, before: Catalog, after: Catalog) -> Iterator[Statement]:
    """Those of tables that stay below: who leaves the parent is renamed then."""
    for was in _kept(column, before, after):
        now = after.get(was.id, Column)
        if now is None or now.inherited or now.not_null is None or was.not_null is None:
            continue
        name, wanted = not_null_name(was, was.not_null), not_null_name(now, now.not_null)
        if name != wanted and column.relation in ancestors(now.relation, after):
            yield rename_not_null(now, name, wanted)


def _freed(step: Step, freed: dict[Statement, list[Statement]]) -> Step:
    """The step, whose last NOT NULL to go leaves those below their names."""
    up = tuple(s for statement in step.up for s in freed.get(statement, ()))
    return replace(step, up=(*step.up, *up)) if up else step


def _named(step: Step, gone: dict[ObjectId, list[Statement]]) -> Step:
    named = tuple(s for id in sorted(step.destroys) for s in gone.get(id, ()))
    return replace(step, up=(*step.up, *named)) if named else step
