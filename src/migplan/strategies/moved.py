"""Which columns move to another table: ``moved-from TABLE.COLUMN using KEY = OTHER`` beside the new one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from migplan.core.changes import Create
from migplan.core.directives import Directive
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.default import Default
from migplan.kinds.table import Table, columns_of
from migplan.strategies.base import Context

_PART: Final = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
MOVED_FROM: Final = re.compile(
    rf"(?P<path>{_PART}(?:\.{_PART}){{1,2}})\s+using\s+(?P<key>{_PART})\s*=\s*(?P<other>{_PART})", re.I
)
_ONE: Final = re.compile(_PART)


@dataclass(frozen=True)
class Move:
    """``gone`` of one table goes over to ``come`` of another, whose rows correspond by the key columns of both.

    ``fills`` says that the other table is new: its rows are made out of keys and values. In a table that applications
    know already none is made, because they insert them themselves. ``obstacle`` is a sentence.
    """

    come: Column
    gone: Column | None
    key: str
    other: str
    fills: bool = False
    obstacle: str | None = None


def moves_wanted(context: Context) -> list[Move]:
    """Those whose work isn't done."""
    asked = ((d, context.after.get(d.target, Column)) for d in context.directives.named("moved-from") if d.target)
    created = {c.id for c in context.all_changes if isinstance(c, Create)}
    return [_move(context, d, column) for d, column in asked if column is not None and column.id in created]


def moved_columns(context: Context) -> frozenset[ObjectId]:
    """The columns that go or come so: nobody else drops or adds them."""
    return frozenset(c.id for move in moves_wanted(context) for c in (move.come, move.gone) if c is not None)


def _move(context: Context, directive: Directive, come: Column) -> Move:
    found = MOVED_FROM.fullmatch(directive.argument.strip())
    if found is None:
        return Move(come, None, "", "", obstacle=f"{directive.place}: moved-from isn't TABLE.COLUMN using KEY = OTHER")
    *schema, table, name = (_raw(part) for part in _ONE.findall(found["path"]))
    gone_id = ObjectId("column", (schema[0] if schema else come.relation.path[0], table, name))
    gone = context.before.get(gone_id, Column)
    move = Move(come, gone, _raw(found["key"]), _raw(found["other"]))
    reason = _obstacle(context, move, gone_id)
    said = None if reason is None else f"{directive.place}: {come.id} can't take over from {gone_id}: {reason}"
    return replace(move, fills=come.relation not in context.before, obstacle=said)


def _raw(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _obstacle(context: Context, move: Move, gone: ObjectId) -> str | None:
    come = move.come
    if move.gone is None:
        return "there is no such column"
    if gone in context.after:
        return "it is still declared: leave it out, the plan drops it once the application has left it"
    is_new = come.relation not in context.before
    for table in (come.relation, move.gone.relation):
        sides = (context.after,) if is_new and table == come.relation else (context.before, context.after)
        plain = [catalog.get(table, Table) for catalog in sides]
        if any(t is None or t.partition_of is not None or t.inherits for t in plain):
            return f"{table} isn't a table that stands by itself on both sides"
        if table in context.rebuilds.items or table in context.online:
            return f"{table} is made anew by the same plan"
    if come.not_null is not None or come.generated is not None or ObjectId("default", come.id.path) in context.after:
        return "it must be nullable and without a default while rows have no value yet: let another plan tighten it"
    if move.gone.generated is not None or move.gone.identity is not None:
        return f"{gone} computes its values"
    if ObjectId("default", gone.path) in context.before:
        return f"{gone} has a default, which looks like a value that was written: let another plan drop it first"
    if is_new and not _fills(context, move):
        return f"{come.relation} has other columns that a row needs"
    if not _is_key(context.after, come.relation, move.key):
        return f"{move.key} is no key of {come.relation}"
    if not _is_key(context.before, move.gone.relation, move.other):
        return f"{move.other} is no key of {move.gone.relation}"
    return None


def _is_key(catalog: Catalog, table: ObjectId, column: str) -> bool:
    found = catalog.get(table.child("column", column), Column)
    keys = (c.columns for c in _keys(catalog, table))
    return found is not None and found.not_null is not None and (column,) in keys


def _keys(catalog: Catalog, table: ObjectId) -> Iterable[Constraint]:
    keys = (c for c in catalog.members_of(table, Constraint) if c.type in (PRIMARY_KEY, UNIQUE))
    return (c for c in keys if "DEFERRABLE" not in c.definition)


def _fills(context: Context, move: Move) -> bool:
    """Whether every other column of the new table can be left out of an INSERT."""
    defaults = {d.id.path[-1] for d in context.after.members_of(move.come.relation, Default)}
    others = (c for c in columns_of(move.come.relation, context.after) if c.name != move.key)
    return all(c.not_null is None or c.identity or c.generated or c.name in defaults for c in others)
