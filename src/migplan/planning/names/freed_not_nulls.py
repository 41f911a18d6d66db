"""Names of NOT NULL constraints that a column which goes or gets another type holds, and another one of its table is
declared with; or that columns of a table exchange.

From 18 on they are constraints with names, which stay when their column is renamed: a history that renamed ``a`` to
``b`` has a column ``b`` whose NOT NULL is named after ``a``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.sql import ident, sql
from migplan.core.steps import Down, LockMode, Phase, Statement, Step, step_id, temporary_name
from migplan.kinds._descendants import descendants, parents_of
from migplan.kinds.column import Column
from migplan.kinds.kept_not_null import required_above
from migplan.kinds.names import names_of
from migplan.kinds.not_null import not_null_name
from migplan.planning.names.exchanges import circles

FIRST_MAJOR = 18


def free_not_nulls(before: Catalog, after: Catalog, strategy: str) -> tuple[Catalog, tuple[Step, ...]]:
    """The live catalog with the holders renamed, and the steps that rename them."""
    if before.major < FIRST_MAJOR:
        return before, ()
    found = before.compared_with(after)
    wanted = {name for id in found.come if (c := after.get(id, Column)) is not None for name in _names(c)}
    gone = [c for id in found.gone if (c := before.get(id, Column)) is not None]
    holders = [c for c in gone if _held(c) & wanted and _can_be_renamed(c, before)]
    holders += _replaced(found.changed, wanted, before)
    holders += [c for c in _in_circles(found.changed, before) if c not in holders]
    if not holders:
        return before, ()
    followers = {holder.id: (holder, *_heirs(holder, before)) for holder in holders}
    renamed = {c.id: _renamed(c) for columns in followers.values() for c in columns}
    steps = tuple(_step(followers[id], renamed[id], strategy) for id in sorted(followers))
    return replace(before, objects={**before.objects, **renamed}), steps


def _replaced(
    changed: Iterable[tuple[DbObject, DbObject]], wanted: Iterable[tuple[ObjectId, str]], before: Catalog
) -> list[Column]:
    """Columns that get another type: a second one may take their place, which frees the name only after the deploy."""
    pairs = [(o, n) for o, n in changed if isinstance(o, Column) and isinstance(n, Column)]
    taken = {*wanted, *(name for o, n in pairs for name in _held(n) - _held(o))}
    return [o for o, n in pairs if o.type != n.type and (_held(o) - _held(n)) & taken and _can_be_renamed(o, before)]


def _in_circles(changed: Iterable[tuple[DbObject, DbObject]], before: Catalog) -> list[Column]:
    """A column of each circle in which NOT NULL constraints take each other's names."""
    pairs = [(o, n) for o, n in changed if isinstance(o, Column) and isinstance(n, Column)]
    renamed = [(o, next(iter(_held(n) - _held(o)), None)) for o, n in pairs if o.not_null is not None]
    held = {name: old for old, wanted in renamed if wanted is not None for name in _names(old)}
    waits = {old.id: held[wanted].id for old, wanted in renamed if wanted in held}
    movable = {old.id: old for old, _ in renamed if _can_be_renamed(old, before)}
    free = (movable.keys() & circle for circle in circles(waits))
    return [movable[min(ids)] for ids in free if ids]


def _names(column: Column) -> Iterator[tuple[ObjectId, str]]:
    if column.not_null is not None:
        yield column.relation, not_null_name(column, column.not_null)


def _held(column: Column) -> frozenset[tuple[ObjectId, str]]:
    return frozenset(_names(column))


def _can_be_renamed(column: Column, catalog: Catalog) -> bool:
    """Heirs of the constraint follow where they bear its name, and have it of nobody else (manual: ALTER TABLE)."""
    if column.relation.kind != "table" or column.not_null is None or required_above(column, catalog):
        return False
    name = not_null_name(column, column.not_null)
    below = list(descendants(column.relation, catalog))
    heirs = [h for h in _heirs(column, catalog) if h.not_null is not None and not_null_name(h, h.not_null) == name]
    return len(heirs) == len(below) == len(set(below))


def _heirs(column: Column, catalog: Catalog) -> list[Column]:
    """The same column of the tables below, each of which has one parent."""
    below = (id.child("column", column.name) for id in descendants(column.relation, catalog))
    found = (c for id in below if (c := catalog.get(id, Column)) is not None)
    return [c for c in found if len(parents_of(c.relation, catalog)) == 1]


def _renamed(column: Column) -> Column:
    assert column.not_null is not None
    name = temporary_name(not_null_name(column, column.not_null), "gone")
    return replace(column, not_null=replace(column.not_null, name=name, given=name))


def _step(followers: Sequence[Column], renamed: Column, strategy: str) -> Step:
    column = followers[0]
    return Step(
        id=step_id("free", column.id) + ":not-null",
        title=f"free the name of the NOT NULL of {column.id}",
        object=column.id,
        strategy=strategy,
        phase=Phase.EXPAND,
        why="another column takes it before this one is dropped; no application sees it",
        up=(_rename(column, renamed),),
        down=Down((_rename(renamed, column),)),
        releases=frozenset(c.id for c in followers),
        frees=names_of(column),
    )


def _rename(column: Column, to: Column) -> Statement:
    assert column.not_null is not None
    assert to.not_null is not None
    names = ident(not_null_name(column, column.not_null)), ident(not_null_name(to, to.not_null))
    table = ident(*column.relation.path)
    return Statement(sql("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", table, *names), LockMode.ACCESS_EXCLUSIVE)
