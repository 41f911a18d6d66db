"""Rows that find no partition in the declared form of a table: counted before anything is built."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.sql import Sql, deparsed, join, sql
from migplan.core.steps import Assertion
from migplan.kinds.table import Table
from migplan.strategies.rebuilds.family import Family


def homeless_rows(old: Family, new: Family) -> Iterable[Assertion]:
    """The rows of ``old`` that no partition of ``new`` takes, as far as bounds tell: those by hash take every row."""
    fits = _fits(new, new.root)
    if fits is None or _retyped(old, new):
        return
    count = sql("SELECT count(*) FROM {} WHERE ({}) IS NOT TRUE", old.live, fits)
    yield Assertion(count, f"rows of {old.root} fit none of its declared partitions")


def _fits(family: Family, id: ObjectId) -> Sql | None:
    """What a row must say to find its place in a table, or None where every row does."""
    table = family.catalog[id]
    assert isinstance(table, Table)
    if table.partition_key is None or table.partition_key.startswith("HASH"):
        return deparsed(table.bound_condition) if table.bound_condition is not None else None
    conditions = [_fits(family, t.id) for t in family.catalog.of(Table) if t.partition_of == id]
    if not conditions:
        return Sql("false")
    return None if None in conditions else join(" OR ", (sql("({})", c) for c in conditions if c is not None))


def _retyped(old: Family, new: Family) -> bool:
    """Whether the bounds speak of columns that have another type before."""
    keys = {name for t in new.tables for name in getattr(new.catalog[t], "key_columns", ())}
    was = {c.name: c.type for c in old.columns}
    return any(c.name in keys and was.get(c.name) != c.type for c in new.columns)
