"""Tables whose row type is the type of a stored column: PostgreSQL neither rewrites such rows nor lets the type change.

A second column in place of a changed one would be let in, and be missing in the rows that are stored.
"""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import ident
from migplan.core.steps import After, step_id
from migplan.kinds._descendants import descendants
from migplan.kinds.column import Column
from migplan.kinds.default import Default, is_volatile
from migplan.kinds.materialized_view import MaterializedView
from migplan.strategies.base import Context, Expansion, Size


def held_by_stored_rows(context: Context) -> Iterable[str]:
    """What can't be because rows of the table are stored elsewhere: sentences for the plan that is blocked by it."""
    for _, new, fields in context.altered(Column):
        if fields & {"type", "collation"}:
            yield from _sentences(context, new, "doesn't change the type of {}")
    for id in sorted(context.rebuilds.followers.keys() - context.replaced):
        if (column := context.after.get(id, Column)) is not None:
            yield from _sentences(context, column, "doesn't let {} go over to another incarnation of its type")
    for column in context.created(Column):
        added_bare = context.size(column.relation) is Size.LARGE and _volatile(column, context.after)
        if _has_values(column, context.after) and not added_bare:
            yield from _sentences(context, column, "doesn't add {} with a value for every row")
    for column in context.dropped(Column):
        if _has_values(column, context.before):
            yield from _sentences(context, column, "wouldn't add {} with a value for every row on the way back")

    yield from _lost_with_their_type(context)


def _lost_with_their_type(context: Context) -> Iterable[str]:
    """Columns that would be dropped, and made again without their values, with a table that is made anew."""
    for id, rebuild in sorted(context.rebuilds.items.items()):
        if not rebuild.whole or id not in context.before or id.kind != "table":
            continue
        for holder in sorted(set(_holders(id, context.before))):
            lost = holder.kind == "column" and holder in context.rebuilds.items and holder in context.after
            if lost and not context.empty(holder.parent("table")):
                yield (
                    f"{holder} stores rows of {id}, which has to be made anew: give {holder} another type in a plan "
                    "before, or drop it there"
                )


def waiting_for_holders(context: Context) -> Iterable[Expansion]:
    """Columns whose type changes in place once a materialized view has let go of their table's row type, and views
    that come once it has changed: what they don't read of a row, they hold nevertheless."""
    for _, new, fields in context.altered(Column):
        if not fields & {"type", "collation"} or new.id in context.replaced or new.id in context.rebuilds.items:
            continue
        alter = step_id("alter", new.id)
        for view, why in _passing(context, new, context.before, context.after):
            yield Expansion((), single={alter: After(step_id("drop", view), why)})
        for view, why in _passing(context, new, context.after, context.before):
            yield Expansion((), single={step_id("create", view): After(alter, why)})


def lets_go_of_rows(context: Context, view: ObjectId) -> bool:
    """Whether a materialized view can't stay until a new one is beside it: columns of rows that it stores change."""
    retyped = (new for _, new, fields in context.altered(Column) if fields & {"type", "collation"})
    sides = (context.before, context.after)
    return any(holder == view for c in retyped for side in sides for holder, _ in _holders_below(c.relation, side))


def _passing(context: Context, column: Column, one: Catalog, other: Catalog) -> Iterable[tuple[ObjectId, str]]:
    """The materialized views of one side that aren't there all the time; a large one is built anew beside itself."""
    for view, table in _holders_below(column.relation, one):
        if view in other and not context.settings.offline and context.size(view) is Size.LARGE:
            continue
        if view.kind == "materialized_view" and (view not in other or view in context.rebuilds.items):
            yield view, f"{view} stores rows of {table}"


def _sentences(context: Context, column: Column, refused: str) -> Iterable[str]:
    table = column.relation
    if table.kind != "table" or table not in context.before or table not in context.after:
        return
    for holder, stored in sorted({*_holders_below(table, context.before), *_holders_below(table, context.after)}):
        if _stands_by(context, holder, column.id):
            advice = f"give {holder} another type in a plan before, or drop it there"
            yield (
                f"{holder} stores rows of {stored}, so that PostgreSQL {refused.format(column.id)}: "
                f"{advice if holder in context.before else f'leave {holder} to the next plan'}"
            )


def _stands_by(context: Context, holder: ObjectId, changed: ObjectId) -> bool:
    """Whether the holder is there while the column changes. Of a holder that comes or goes no order is known, which
    matters only where the change is made in place; a materialized view goes before what it reads."""
    if holder in context.rebuilds.items:
        return False
    stays = holder in context.before and holder in context.after
    return stays or (holder.kind == "column" and changed not in context.replaced)


def _holders_below(table: ObjectId, catalog: Catalog) -> Iterable[tuple[ObjectId, ObjectId]]:
    """Those of the table and of the tables below it, whose columns change with its own, each with what it stores."""
    for stored in (table, *descendants(table, catalog)):
        yield from ((holder, stored) for holder in _holders(stored, catalog))


def _holders(type: ObjectId, catalog: Catalog) -> Iterable[ObjectId]:
    """The columns and materialized views that store values of a row type, by itself or inside of other types.

    A materialized view that only reads the table uses it as well: its columns tell.
    """
    for user in catalog.used_by.get(type, frozenset()):
        found = catalog[user]
        match found:
            case Column() if found.relation.kind == "table" and found.relation != type:
                yield user
            case MaterializedView() if any(c.type.removesuffix("[]") == ident(*type.path) for c in found.columns):
                yield user
            case _ if user.kind in ("composite_type", "domain"):
                yield from _holders(user, catalog)
            case _:
                pass


def _has_values(column: Column, catalog: Catalog) -> bool:
    """Whether ADD COLUMN gives the rows that are there something else than NULL."""
    computed = column.generated is not None and not column.virtual
    return computed or column.identity is not None or _default(column, catalog) is not None


def _volatile(column: Column, catalog: Catalog) -> bool:
    """Whether a large table gets the column first, and its values by batches."""
    default = _default(column, catalog)
    return column.identity is not None or (default is not None and is_volatile(default))


def _default(column: Column, catalog: Catalog) -> Default | None:
    return catalog.get(ObjectId("default", column.id.path), Default)
