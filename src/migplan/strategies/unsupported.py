"""What can't be expanded yet stops the plan by its name, instead of taking a form that loses data or availability."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.kinds._descendants import ancestors, descendants, parents_of
from migplan.kinds.column import Column
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Size, Strategy
from migplan.strategies.chosen_phase import unmoved
from migplan.strategies.column_types.moved_values import loses_places
from migplan.strategies.column_types.replaced import irreplaceable
from migplan.strategies.columns.reshaped import reshapes
from migplan.strategies.rebuilds.rebuilt_online import goes_first
from migplan.strategies.types.staged_types import held_by_large_tables
from migplan.strategies.types.stored_rows import held_by_stored_rows, waiting_for_holders


class Unsupported(Strategy):
    """Blocks large rewriting type changes that no second column can take over, replaced tables with rows,
    phases that nothing obeys, and what rows stored elsewhere forbid."""

    name = "unsupported"
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        reasons = [
            *unmoved(context),
            *irreplaceable(context),
            *_tables(context),
            *_partition_keys(context),
            *_of_several_parents(context),
            *_followers(context),
            *_moved_attributes(context),
            *_needing_triggers(context),
            *_base_types(context),
            *held_by_stored_rows(context),
        ]
        if reasons:
            first = frozenset[ObjectId]().union(*(goes_first(context, root) for root in context.not_online))
            yield Expansion((), blocked=tuple(reasons), first=first)
        yield from waiting_for_holders(context)


def _tables(context: Context) -> Iterable[str]:
    for id, rebuild in context.rebuilds.items.items():
        is_table = context.before.get(id, Table) is not None
        if is_table and rebuild.whole and id not in context.online and context.size(id) is Size.LARGE:
            yield f"{id} is large and can't be changed in place"
    for id, why in context.not_online.items():
        yield f"{id} would have to be built a second time beside itself, which can't be because {why}"


def _partition_keys(context: Context) -> Iterable[str]:
    """Columns in a partition key whose type changes, or whose type is replaced: PostgreSQL refuses both."""
    changed = {new.id for _, new, fields in context.altered(Column) if fields & {"type", "collation"}}
    changed |= context.rebuilds.followers.keys()
    for table in context.before.of(Table):
        rebuild = context.rebuilds.items.get(table.id)
        if rebuild is not None and rebuild.whole:
            continue
        for name in table.key_columns:
            if any(owner.child("column", name) in changed for owner in _with_parents(table, context.before)):
                yield (
                    f"the partition key of {table.id} uses column {name}, whose type would change: PostgreSQL "
                    "changes it in no way but by making the table anew"
                )


def _of_several_parents(context: Context) -> Iterable[str]:
    """Columns that a table inherits from parents that have none above them in common: PostgreSQL changes
    the type in none of them."""
    changed = (n.id for _, n, fields in context.altered(Column) if fields & {"type", "collation"})
    found = {
        below.child("column", id.path[-1])
        for id in changed
        for below in descendants(id.parent("table"), context.before)
    }
    for id in sorted(found):
        heir = id.parent("table")
        above = {p for p in ancestors(heir, context.before) if p.child("column", id.path[-1]) in context.before}
        tops = {p for p in above if above.isdisjoint(parents_of(p, context.before))}
        staying = sorted(tops.intersection(ancestors(heir, context.after)))
        if len(staying) > 1:
            yield (
                f"{heir} inherits column {id.path[-1]} from {' and '.join(map(str, staying))}, and PostgreSQL changes "
                "its type in neither: let it leave them in a plan before, and join them in one behind"
            )


def _with_parents(table: Table, catalog: Catalog) -> Iterable[ObjectId]:
    found: Table | None = table
    while found is not None:
        yield found.id
        found = catalog.get(found.partition_of, Table) if found.partition_of is not None else None


def _followers(context: Context) -> Iterable[str]:
    """Columns that move to another incarnation of their type: every row is written, under lock; of a collation, every
    index over them."""
    for id, why in held_by_large_tables(context).items():
        found = sorted(context.rebuilds.followers[id])
        causes, table = ", ".join(map(str, found)), id.parent("table")
        sorts = all(cause.kind == "collation" for cause in found)
        does = f"builds anew every index over {id.path[-1]} of" if sorts else "writes every row of"
        yield (
            f"{causes} is replaced, which {does} {table}, a large table, under lock, and a second column can't take "
            f"over from {id} because {why}"
        )


def _moved_attributes(context: Context) -> Iterable[str]:
    """Values in arrays and inside of other types go over as text, and text knows places only."""
    for id, causes in context.rebuilds.followers.items():
        if loses_places(id, context.before, context.after) and not context.empty(id.parent("table")):
            yield (
                f"{', '.join(map(str, sorted(causes)))} is replaced, its attributes have other places, and {id} "
                "holds values of it inside of an array or another type, which can't be moved attribute by attribute"
            )


def _base_types(context: Context) -> Iterable[str]:
    """Their functions would be made, and leave a type without a definition."""
    for declared in context.after.unmodelled:
        if declared.what == "base type" and declared not in context.before.unmodelled:
            yield (
                f"base type {declared.name} is declared and not there, and migplan makes none: make it by hand, load "
                "it by [shadow] setup, and leave it out of the declaration"
            )


def _needing_triggers(context: Context) -> Iterable[str]:
    """Two columns in step need two names that the application can say, and one column against one."""
    if context.settings.dual_write != "application" or context.settings.offline:
        return
    for id in sorted(context.replaced):
        yield (
            f'{id} gets another type, which rewrites a large table, and with dual_write = "application" the '
            "application has to write both columns: declare the new one under another name, with renamed-from"
        )
    for shape in reshapes(context):
        if not shape.arriving:
            yield (
                f"columns of {shape.table} go, told by a directive reverse, which takes a trigger: with "
                'dual_write = "application" the application writes new ones'
            )


STRATEGY = Unsupported()
