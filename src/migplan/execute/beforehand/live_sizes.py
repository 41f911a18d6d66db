"""How large the tables of a run are at this moment."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from migplan.planfile.locks import PlanLocks
from migplan.planfile.model import SizeModel
from migplan.source.connect import Connection


@contextmanager
def measuring(connection: Connection, locks: PlanLocks) -> Generator[Callable[[], Mapping[str, SizeModel]]]:
    """Rows (-1: never counted) and bytes by ``schema.table``, partitions summed, of what the plan's steps touch.

    The server measures while the block is at something else; what is called then waits for it.
    """
    names = {table for step in locks.plan.steps for table in locks.touched(step)}
    with connection.pipeline():
        asked = connection.execute(_SIZES, (sorted(names),))
        yield lambda: _by_name(asked.fetchall())


def sizes_of(connection: Connection, names: Sequence[str]) -> Mapping[str, SizeModel]:
    """The same of tables by name; those that aren't there are left out."""
    return _by_name(connection.execute(_SIZES, (list(names),)).fetchall())


def _by_name(rows: Iterable[tuple[Any, ...]]) -> Mapping[str, SizeModel]:
    return {str(name): SizeModel(rows=int(count), bytes=int(size)) for name, count, size in rows}


_SIZES: Final = """
WITH leaf AS MATERIALIZED (
  SELECT n.nspname || '.' || c.relname AS name, l.oid, l.reltuples, l.reltoastrelid
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT c.oid WHERE c.relkind <> 'p'
                      UNION ALL SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf AND c.relkind = 'p') of_it (oid)
  JOIN pg_class l ON l.oid = of_it.oid
  WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname || '.' || c.relname = ANY(%s)
), heap AS MATERIALIZED (
  SELECT name, reltuples, reltoastrelid, pg_relation_size(oid) AS bytes FROM leaf
)
SELECT name, CASE WHEN bool_or(reltuples < 0 AND bytes > 0) THEN -1 ELSE sum(greatest(reltuples, 0)) END::bigint,
       sum(bytes + CASE WHEN bytes > 0 AND reltoastrelid <> 0 THEN pg_relation_size(reltoastrelid) ELSE 0 END)::bigint
FROM heap GROUP BY name
"""
"""The leaves by LATERAL: under an OR every table would be compared with every relation.

Bytes are those of the rows, TOAST included. ``pg_table_size`` adds the maps and TOAST's index, a few per cent, and
looks at a dozen files a table: with a thousand tables that took longer than all else before a run.
"""
