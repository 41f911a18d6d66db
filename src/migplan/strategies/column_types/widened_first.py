"""Which renamed columns are widened before their copies are made: no row is written, no deploy is waited for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from migplan.core.changes import Alter, Change
from migplan.core.ids import ObjectId
from migplan.kinds.column import Column
from migplan.kinds.column_indexes import builds_partial_again
from migplan.kinds.constraint import CHECK, Constraint
from migplan.kinds.registry import kind_of
from migplan.kinds.type_changes import keeps_rows
from migplan.strategies.base import Context

_MADE_AGAIN: Final = frozenset({"default", "policy", "rule", "trigger", "view"})
"""What stands on a column and is made anew with it, in a moment."""


def widened_types(context: Context, table: ObjectId) -> Mapping[ObjectId, str]:
    """The wider types of the table's renamed columns that can go ahead."""
    found = {new.id: new.type for old, new, fields in _renamed(context, table) if _widens(context, old, new, fields)}
    groups = {id: context.rebuilds.groups.get(id) for id in found}
    fit = {group for group in groups.values() if group is not None and _comes_along(context, group, found)}
    lone = {id for id, group in groups.items() if group is None and _is_free(context, id)}
    return {id: type for id, type in found.items() if id in lone or groups[id] in fit}


def checks_of(context: Context, columns: Iterable[ObjectId]) -> list[Constraint]:
    """The checks over any of the columns, which PostgreSQL would try again."""
    users = {user for id in columns for user in context.before.used_by.get(id, frozenset())}
    found = (context.before.get(id, Constraint) for id in sorted(users))
    return [c for c in found if c is not None and c.type == CHECK]


def _renamed(context: Context, table: ObjectId) -> Iterable[tuple[Column, Column, frozenset[str]]]:
    altered = (a for a in context.altered(Column) if a[1].relation == table)
    return (a for a in altered if a[1].id in context.renamed_columns)


def _widens(context: Context, old: Column, new: Column, fields: frozenset[str]) -> bool:
    plain = not new.inherited and old.generated is None and new.using is None and new.reverse is None
    checks = checks_of(context, [new.id])
    kept = all(context.after.objects.get(c.id) == c and c.relation == new.relation for c in checks)
    only_type = "type" in fields and "collation" not in fields
    quick = keeps_rows(old.type, new.type) and not builds_partial_again(old, context.before)
    return plain and only_type and kept and quick


def _is_free(context: Context, column: ObjectId) -> bool:
    """Whether the view under a renamed table's old name can come after it, which waits for all that is about it."""
    return column.parent("table") not in context.renamed_tables or not _others(context, column, None)


def _comes_along(context: Context, group: str, widened: Mapping[ObjectId, str]) -> bool:
    """Whether all that is made anew in that transaction stays what it is, and nothing else waits for the columns."""
    made = [r for r in context.rebuilds.items.values() if r.group == group]
    parts = {id for rebuild in made for id in (rebuild.id, *rebuild.parts)}
    columns = {id for id, label in context.rebuilds.groups.items() if label == group} - parts
    if not columns <= widened.keys() or any(_others(context, id, group) for id in columns):
        return False
    return all(_stays(context, rebuild.id, widened) for rebuild in made)


def _stays(context: Context, id: ObjectId, widened: Mapping[ObjectId, str]) -> bool:
    used = {u for world in (context.before, context.after) for u in world.uses.get(id, frozenset())}
    elsewhere = {u for u in used & context.renamed_columns.keys() if u.path[:2] != next(iter(widened)).path[:2]}
    return id.kind in _MADE_AGAIN and _shows_the_same(context.changes.get(id)) and not elsewhere


def _shows_the_same(change: Change | None) -> bool:
    """Whether an object is as it was, but for the wider columns of a view."""
    if change is None:
        return True
    if not isinstance(change, Alter) or change.fields - {"columns"}:
        return False
    return kind_of(change.id).contract(change.old, change.new) is None


def _others(context: Context, column: ObjectId, group: str | None) -> list[ObjectId]:
    """What of the rest of the plan stands on the column, or is about it in another way than its type."""
    change = context.changes.get(column)
    own = [column] if isinstance(change, Alter) and change.fields - {"type"} else []
    touched = context.changes.keys() | context.rebuilds.items.keys()
    users = {u for w in (context.before, context.after) for u in w.used_by.get(column, frozenset())}
    outside = {id for id in users & touched if group is None or context.rebuilds.groups.get(id) != group}
    return [*own, *sorted(outside - {column})]
