"""Which columns are split, merged or computed: new ones whose directive ``using`` tells them out of present ones, and
dropped ones that such a directive reads or that a directive ``reverse NAME = EXPRESSION`` tells back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from migplan.core.directives import Directive, assignment
from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql_names import columns_named
from migplan.kinds.column import Column
from migplan.kinds.table import Table
from migplan.strategies.base import Context


@record(slots=False)
class Shape:
    """The columns of ``table`` that go and those that take their place; ``reverses`` by the names of the former.

    ``obstacles`` are sentences that say what stands in the way, ``first`` the columns whose changes do, as long as they
    haven't been made.
    """

    table: ObjectId
    leaving: tuple[Column, ...]
    arriving: tuple[Column, ...]
    reverses: Mapping[str, str]
    obstacles: tuple[str, ...] = ()
    first: frozenset[ObjectId] = frozenset()


def reshapes(context: Context) -> list[Shape]:
    """One for each table that has any."""
    tables = {c.relation for c in context.created(Column) if _is_told(context, c)}
    tables |= {table for _, table in _reverses(context)}
    found = (_shape(context, table) for table in sorted(tables) if _stays(context, table))
    return [shape for shape in found if shape.arriving or shape.leaving or shape.obstacles]


def written_by_the_application(context: Context, shape: Shape) -> bool:
    """Whether the application itself keeps the columns in step, and there are new ones for that."""
    by_itself = context.settings.dual_write == "application" and not context.settings.offline
    return by_itself and bool(shape.arriving) and not shape.obstacles


def reshaped_columns(context: Context) -> frozenset[ObjectId]:
    """The columns that go or come so: nobody else drops or adds them."""
    return frozenset(c.id for shape in reshapes(context) for c in (*shape.leaving, *shape.arriving))


def _is_told(context: Context, column: Column) -> bool:
    """Whether its value is told out of others, and not by the application itself."""
    return column.using is not None and column.id not in context.dual_written


def _stays(context: Context, table: ObjectId) -> bool:
    return table in context.before and table in context.after and table not in context.rebuilds.items


def _reverses(context: Context) -> list[tuple[Directive, ObjectId]]:
    """The directives that speak of a dropped column, beside its table or beside a new column, with that table."""
    created = {c.id: c.relation for c in context.created(Column) if c.relation in context.before}
    said = ((d, d.target) for d in context.directives.named("reverse") if d.target not in context.dual_written)
    return [
        (d, created.get(target, target))
        for d, target in said
        if target and (target in created or target.kind == "table")
    ]


def _shape(context: Context, table: ObjectId) -> Shape:
    dropped = {c.name: c for c in context.dropped(Column) if c.relation == table}
    arriving = tuple(c for c in context.created(Column) if c.relation == table and _is_told(context, c))
    arriving = tuple(c for c in arriving if not c.inherited)
    reverses: dict[str, str] = {}
    obstacles: list[str] = []
    for directive, of in _reverses(context):
        told = assignment(directive.argument)
        if of != table:
            continue
        if told is None:
            obstacles.append(
                f"{directive.place}: {directive.target} is new, so the directive reverse must say which column it "
                "tells: write -- migplan: reverse NAME = EXPRESSION"
            )
        elif told[0] in dropped:
            reverses[told[0]] = told[1]
        elif table.child("column", told[0]) in context.after or directive.target != table:
            obstacles.append(f"{directive.place}: the directive reverse speaks of {told[0]}, which isn't dropped")
    read = {name for c in arriving for name in columns_named(c.using or "")}
    leaving = tuple(c for name, c in sorted(dropped.items()) if name in read or name in reverses)
    obstacles += _obstacles(context, table, leaving, arriving, reverses)
    texts = [c.using or "" for c in arriving] + list(reverses.values())
    read = {name for text in texts for name in columns_named(text)}
    first = _first(context, table, read)
    obstacles += _former_names(context, table, read)
    obstacles += (f"{id} changes while other columns are told out of it: plan one change first" for id in sorted(first))
    return Shape(table, leaving, arriving, reverses, tuple(obstacles), first)


def _first(context: Context, table: ObjectId, read: set[str]) -> frozenset[ObjectId]:
    """The columns among those that are read that are renamed, or get another type by a second column."""
    changing = context.replaced | context.renamed_columns.keys()
    return frozenset(id for id in changing if id.parent("table") == table and id.path[-1] in read)


def _former_names(context: Context, table: ObjectId, read: set[str]) -> Iterable[str]:
    for id, old in sorted(context.renamed_columns.items()):
        if id.parent("table") == table and old in read and table.child("column", old) not in context.after:
            yield f"a directive says {old} of {table}, which is declared as {id.path[-1]}: say that"


def _obstacles(
    context: Context,
    table: ObjectId,
    leaving: Iterable[Column],
    arriving: Iterable[Column],
    reverses: Mapping[str, str],
) -> Iterable[str]:
    for column in (*leaving, *arriving):
        if column.generated is not None or column.identity is not None:
            yield f"{column.id} is computed by PostgreSQL itself: no trigger can keep it in step with other columns"
    if any(table in t.inherits for t in context.before.of(Table)):
        yield f"{table} has inheriting tables, which its triggers don't reach: its columns can't be split or merged"
    texts = [c.using or "" for c in arriving] + list(reverses.values())
    read = {name for text in texts for name in columns_named(text)}
    for name in sorted(read):
        id = table.child("column", name)
        column = context.before.get(id, Column)
        if column is not None and column.generated is not None:
            yield f"{id} is generated, and the trigger that keeps columns in step comes before it is computed"
