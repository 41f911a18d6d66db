"""Which columns move to another table: ``moved-from TABLE.COLUMN using KEY = OTHER, …`` beside the new one."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Final

from migplan.core.changes import Create
from migplan.core.directives import Directive
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.default import Default
from migplan.kinds.table import Table, columns_of
from migplan.strategies.base import Context

_PART: Final = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
MOVED_FROM: Final = re.compile(
    rf"(?P<path>{_PART}(?:\.{_PART}){{1,2}})\s+using\s+"
    rf"(?P<pairs>{_PART}\s*=\s*{_PART}(?:\s*,\s*{_PART}\s*=\s*{_PART})*)(?P<upsert>\s+upsert)?",
    re.I,
)
_ONE: Final = re.compile(_PART)


@record(slots=False)
class Move:
    """``gone`` of one table goes over to ``come`` of another, whose rows correspond by the key columns of both.

    ``is_new`` says that the other table is: its rows are made out of keys and values. In a table that applications know
    already none is made, because they insert them themselves; or those that are missing (``fills``), where the
    directive says that they do so with ON CONFLICT. ``obstacle`` is a sentence.
    """

    come: Column
    gone: Column | None
    key: tuple[str, ...]
    other: tuple[str, ...]
    is_new: bool = False
    fills: bool = False
    obstacle: str | None = None


def moves_wanted(context: Context) -> list[Move]:
    """Those whose work isn't done, and that isn't about new tables only."""
    asked = ((d, context.after.get(d.target, Column)) for d in context.directives.named("moved-from") if d.target)
    created = {c.id for c in context.all_changes if isinstance(c, Create)}
    moves = [_move(context, d, column, created) for d, column in asked if column is not None and column.id in created]
    return [move for move in moves if move is not None]


def moved_columns(context: Context) -> frozenset[ObjectId]:
    """The columns that go or come so: nobody else drops or adds them."""
    return frozenset(c.id for move in moves_wanted(context) for c in (move.come, move.gone) if c is not None)


def _move(context: Context, directive: Directive, come: Column, created: Container[ObjectId]) -> Move | None:
    """None where both tables are new, or all are: there is no row that a value could come from."""
    found = MOVED_FROM.fullmatch(directive.argument.strip())
    if found is None:
        return Move(come, None, (), (), obstacle=f"{directive.place}: moved-from isn't TABLE.COLUMN using KEY = OTHER")
    *schema, table, name = (_raw(part) for part in _ONE.findall(found["path"]))
    gone_id = ObjectId("column", (schema[0] if schema else come.relation.path[0], table, name))
    gone = context.before.get(gone_id, Column)
    pairs = [_raw(name) for name in _ONE.findall(found["pairs"])]
    is_new = come.relation not in context.before
    if is_new and (gone_id.parent("table") in created or not any(context.before.of(Table))):
        return None
    fills = is_new or found["upsert"] is not None
    move = Move(come, gone, tuple(pairs[::2]), tuple(pairs[1::2]), is_new, fills)
    reason = _obstacle(context, move, gone_id)
    said = None if reason is None else f"{directive.place}: {come.id} can't take over from {gone_id}: {reason}"
    return replace(move, obstacle=said)


def _raw(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _obstacle(context: Context, move: Move, gone: ObjectId) -> str | None:
    come = move.come
    if move.gone is None:
        return "there is no such column"
    if gone in context.after:
        return "it is still declared: leave it out, the plan drops it once the application has left it"
    for table in (come.relation, move.gone.relation):
        sides = (context.after,) if move.is_new and table == come.relation else (context.before, context.after)
        plain = [catalog.get(table, Table) for catalog in sides]
        if any(t is None or t.partition_of is not None or t.inherits for t in plain):
            return f"{table} isn't a table that stands by itself on both sides"
        if table in context.rebuilds.items or table in context.online:
            return f"{table} is made anew by the same plan"
    if any(c.generated is not None or c.identity is not None for c in (come, move.gone)):
        return f"{gone if come.generated is None and come.identity is None else come.id} computes its values"
    there, here = default_of(context.after, come), default_of(context.before, move.gone)
    if here is not None and (move.fills or there is None or there.expression != here.expression):
        return f"{gone} has a default, which looks like a value that was written: let another plan drop it first"
    if move.is_new and come.not_null is not None and move.gone.not_null is None:
        return f"it is NOT NULL, and {gone} isn't: let another plan tighten it"
    if move.fills and not _fills(context, move):
        return f"{come.relation} has other columns that a row needs"
    if not _is_key(context.after, come.relation, move.key):
        return f"{', '.join(move.key)} is no key of {come.relation}"
    if not _is_key(context.before, move.gone.relation, move.other):
        return f"{', '.join(move.other)} is no key of {move.gone.relation}"
    return None


def default_of(catalog: Catalog, column: Column) -> Default | None:
    """The column's default."""
    return catalog.get(ObjectId("default", column.id.path), Default)


def _is_key(catalog: Catalog, table: ObjectId, columns: tuple[str, ...]) -> bool:
    found = [catalog.get(table.child("column", column), Column) for column in columns]
    keys = (sorted(c.columns) for c in _keys(catalog, table))
    return all(c is not None and c.not_null is not None for c in found) and sorted(columns) in keys


def _keys(catalog: Catalog, table: ObjectId) -> Iterable[Constraint]:
    keys = (c for c in catalog.members_of(table, Constraint) if c.type in (PRIMARY_KEY, UNIQUE))
    return (c for c in keys if "DEFERRABLE" not in c.definition)


def _fills(context: Context, move: Move) -> bool:
    """Whether every other column of the table can be left out of an INSERT."""
    defaults = {d.id.path[-1] for d in context.after.members_of(move.come.relation, Default)}
    others = (c for c in columns_of(move.come.relation, context.after) if c.name not in (*move.key, move.come.name))
    return all(c.not_null is None or c.identity or c.generated or c.name in defaults for c in others)
