"""How large the tables of a run are at this moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from migplan.planfile.locks import PlanLocks
from migplan.planfile.model import SizeModel, StepModel
from migplan.source.connect import Connection


def live_sizes(connection: Connection, locks: PlanLocks, steps: Sequence[StepModel]) -> Mapping[str, SizeModel]:
    """Rows (-1: never counted) and bytes by ``schema.table``, partitions summed, of what the steps touch."""
    return sizes_of(connection, sorted({table for step in steps for table in locks.touched(step)}))


def sizes_of(connection: Connection, names: Sequence[str]) -> Mapping[str, SizeModel]:
    """The same of tables by name; those that aren't there are left out."""
    rows = connection.execute(_SIZES, (list(names),)).fetchall()
    return {str(name): SizeModel(rows=int(count), bytes=int(size)) for name, count, size in rows}


_SIZES: Final = """
SELECT n.nspname || '.' || c.relname,
       (SELECT CASE WHEN bool_or(l.reltuples < 0 AND pg_relation_size(l.oid) > 0) THEN -1
                    ELSE sum(greatest(l.reltuples, 0)) END)::bigint,
       sum(pg_table_size(l.oid))::bigint
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT c.oid WHERE c.relkind <> 'p'
                    UNION ALL SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf AND c.relkind = 'p') leaf (oid)
JOIN pg_class l ON l.oid = leaf.oid
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname || '.' || c.relname = ANY(%s)
GROUP BY n.nspname, c.relname
"""
"""The leaves by LATERAL: under an OR every table would be compared with every relation."""
