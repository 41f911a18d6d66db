"""What the target's planner knows of its rows: how many there are, and how each column's values are spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

import psycopg

from migplan.core.records import record
from migplan.source.connect import Connection

_ROWS: Final = """
SELECT n.nspname || '.' || c.relname, c.reltuples::bigint, pg_relation_size(c.oid) = 0
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
_COLUMNS: Final = """
SELECT s.schemaname || '.' || s.tablename, s.attname::text, s.null_frac, s.n_distinct, s.avg_width,
       s.most_common_vals::text::text[], s.most_common_freqs, s.histogram_bounds::text::text[]
FROM pg_stats s
WHERE s.schemaname !~ '^pg_' AND s.schemaname <> 'information_schema' AND NOT EXISTS (
  SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attrelid = format('%I.%I', s.schemaname, s.tablename)::regclass AND a.attname = s.attname
    AND t.typcategory = 'A')
ORDER BY s.inherited
"""
"""Of values that are arrays themselves nothing is told: a list of them can't be taken apart as text."""


@record
class ColumnStatistics:
    """As pg_stats has them; ``distinct`` is negative where it is a share of the rows, ``width`` is in bytes."""

    null_share: float
    distinct: float
    width: int
    common: tuple[str, ...] = ()
    frequencies: tuple[float, ...] = ()
    bounds: tuple[str, ...] = ()


@record(slots=False)
class Statistics:
    """``rows`` by ``schema.name`` (-1 where never analysed), ``columns`` by the same and the column's name."""

    rows: Mapping[str, int] = field(default_factory=dict[str, int])
    columns: Mapping[tuple[str, str], ColumnStatistics] = field(default_factory=dict[tuple[str, str], ColumnStatistics])


def read_statistics(connection: Connection) -> Statistics:
    """Those of the tables and columns that the role may read."""
    rows = {name: 0 if empty else tuples for name, tuples, empty in connection.execute(_ROWS).fetchall()}
    columns: dict[tuple[str, str], ColumnStatistics] = {}
    try:
        for table, column, nulls, distinct, width, common, frequencies, bounds in connection.execute(_COLUMNS):
            columns[table, column] = ColumnStatistics(
                nulls, distinct, width, tuple(common or ()), tuple(frequencies or ()), tuple(bounds or ())
            )
    except psycopg.errors.InsufficientPrivilege:
        return Statistics(rows)
    return Statistics(rows, columns)
