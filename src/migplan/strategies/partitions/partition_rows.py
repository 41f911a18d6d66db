"""Rows that go over to other partitions, where some are split, merged or get other bounds.

They go straight from table to table, while neither hangs on the parent: no trigger of the parent fires for a row that
nobody wrote, and no partition holds a row outside of its bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import Sql, deparsed, ident, join, literal, sql
from migplan.core.steps import Assertion, LockMode, Statement, Timing
from migplan.kinds.attachment import attachment
from migplan.kinds.bounds import covered
from migplan.kinds.table import Table, columns_of
from migplan.kinds.table_kind import value_for
from migplan.strategies.base import Context

_HASHED: Final = re.compile(r"(?<=satisfies_hash_partition\()'(\d+)'::oid")

Pair = tuple[Table, Table]
"""A partition as it was, and as it will be."""


def given(context: Context, old: Table) -> list[Statement]:
    """What a partition that is dropped gives to new ones; those that stay take theirs while they move."""
    heirs = [h for h in context.successions.heirs(old.id) if h.id not in context.before]
    return [_hand_over(context, old, h) for h in heirs]


def given_back(context: Context, old: Table) -> list[Statement]:
    """The same on the way back: the new ones are dropped right after."""
    heirs = [h for h in context.successions.heirs(old.id) if h.id not in context.before]
    return [_hand_back(context, h, old) for h in heirs]


def exchanged(context: Context, pairs: Sequence[Pair]) -> list[Statement]:
    """What partitions that get other bounds give away, and what they take."""
    return [_hand_over(context, *found) for found in exchanges(context, pairs)]


def exchanged_back(context: Context, pairs: Sequence[Pair]) -> list[Statement]:
    """The same on the way back."""
    return [_hand_back(context, new, old) for old, new in reversed(exchanges(context, pairs))]


def exchanges(context: Context, pairs: Sequence[Pair]) -> list[Pair]:
    """Who gives to whom, where one of them is in ``pairs``: the giver as it was, the taker as it will be."""
    moved = {new.id for _, new in pairs}
    found: list[Pair] = []
    for parent in sorted({old.partition_of for old, _ in pairs if old.partition_of is not None}):
        for old in context.successions.gone.get(parent, ()):
            if isinstance(old, Table):
                heirs = context.successions.heirs(old.id)
                found += ((old, h) for h in heirs if old.id in moved or h.id in moved)
    return found


def homeless(context: Context, pairs: Sequence[Pair]) -> Iterable[Assertion]:
    """Rows of partitions that get other bounds which fit neither those nor another partition's."""
    for old, new in pairs:
        heirs = context.successions.heirs(old.id)
        if context.empty(old.id) or covered(old.bound, [new.bound, *(h.bound for h in heirs)]):
            continue
        fits = _any(context.after, [new, *heirs])
        count = sql("SELECT count(*) FROM {} WHERE ({}) IS NOT TRUE", ident(*old.id.path), fits)
        yield Assertion(count, f"rows of {old.id} fit none of the declared partitions that come in its place")


def misplaced(context: Context, table: Table) -> Iterable[Assertion]:
    """Rows outside of the bounds of a table that becomes a partition."""
    if table.bound_condition is not None and not context.empty(table.id):
        count = sql("SELECT count(*) FROM {} WHERE NOT ({})", ident(*table.id.path), _fits(context.after, table))
        yield Assertion(count, f"rows of {table.id} are outside of the bounds that it gets")


def left_behind(context: Context, table: Table) -> Sql | None:
    """What is true of the rows of a dropped partition that nobody gets, or None where nobody gets any."""
    source = context.successions.origin(table)
    if source is None:
        return None
    return sql("({}) IS NOT TRUE", _any(context.after, context.successions.heirs(source.id)))


def whole(catalog: Catalog, table: ObjectId) -> Iterable[ObjectId]:
    """What rows are read from or written to: the table, and the partitions that hang on it."""
    yield table
    for child in catalog.of(Table):
        if child.partition_of == table:
            yield attachment(child.id)
            yield from whole(catalog, child.id)


def _any(catalog: Catalog, tables: Iterable[Table]) -> Sql:
    return join(" OR ", (sql("({})", _fits(catalog, t)) for t in tables))


def _fits(catalog: Catalog, table: Table) -> Sql:
    """What is true of the rows of a partition. Those of hash partitions name their parents by numbers, topmost first,
    which differ from server to server."""
    if table.bound_condition is None:
        return Sql("true")
    numbers = list(dict.fromkeys(_HASHED.findall(table.bound_condition)))
    parents = dict(zip(numbers, _hashed_parents(catalog, table), strict=True))
    named = _HASHED.sub(lambda m: sql("{}::regclass", literal(ident(*parents[m[1]].path))), table.bound_condition)
    return deparsed(named)


def _hashed_parents(catalog: Catalog, table: Table) -> list[ObjectId]:
    parent = None if table.partition_of is None else catalog.get(table.partition_of, Table)
    if parent is None:
        return []
    own = [parent.id] if (parent.partition_key or "").startswith("HASH") else []
    return [*_hashed_parents(catalog, parent), *own]


def _hand_over(context: Context, old: Table, new: Table) -> Statement:
    dropped = old.id not in context.after
    columns = _columns(context.pieces_before.catalog, old.id, context.after, new.id)
    return _statement(old.id, new.id, columns, _fits(context.after, new), keep=dropped)


def _hand_back(context: Context, new: Table, old: Table) -> Statement:
    created = new.id not in context.before
    columns = _columns(context.after, new.id, context.pieces_before.catalog, old.id)
    stay = [t.id for t in _partitions(context.after, new.id) if t.id in context.before]
    fits = join(" AND ", [_fits(context.before, old), *(_held_elsewhere(id) for id in stay if created)])
    return _statement(new.id, old.id, columns, fits, keep=created)


def _held_elsewhere(table: ObjectId) -> Sql:
    """Rows of a partition that goes back as it is."""
    return sql("tableoid <> {}::regclass", literal(ident(*table.path)))


def _partitions(catalog: Catalog, table: ObjectId) -> Iterable[Table]:
    """The partitions below the table that hold rows, at any depth."""
    for child in catalog.of(Table):
        if child.partition_of == table and child.partition_key is None:
            yield child
        elif child.partition_of == table:
            yield from _partitions(catalog, child.id)


def _columns(source: Catalog, giver: ObjectId, target: Catalog, taker: ObjectId) -> list[tuple[Sql, Sql]]:
    """The columns of both, by name, and their values, cast where the types differ."""
    known = {c.name: c for c in columns_of(giver, source)}
    both = ((c, known[c.name]) for c in columns_of(taker, target) if c.name in known and c.generated is None)
    return [(ident(c.name), ident(c.name) if c.type == old.type else value_for(c, old, source)) for c, old in both]


def _statement(giver: ObjectId, taker: ObjectId, columns: list[tuple[Sql, Sql]], fits: Sql, *, keep: bool) -> Statement:
    """Rows are kept where their table is going to be dropped. The lock is the one that DETACH holds meanwhile."""
    names, values = join(", ", (name for name, _ in columns)), join(", ", (value for _, value in columns))
    source, target = ident(*giver.path), ident(*taker.path)
    if keep:
        command = sql("INSERT INTO {} ({}) SELECT {} FROM {} WHERE {}", target, names, values, source, fits)
        return Statement(command, LockMode.ACCESS_EXCLUSIVE, scan=True, timing=Timing.LONG)
    taken = sql("DELETE FROM {} WHERE {} RETURNING {}", source, fits, names)
    command = sql("WITH moved AS ({}) INSERT INTO {} ({}) SELECT {} FROM moved", taken, target, names, values)
    return Statement(command, LockMode.ACCESS_EXCLUSIVE, scan=True, timing=Timing.LONG)
