"""How much room a run takes, and how much there is, where that can be known from here."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from migplan.planfile.locks import PlanLocks
from migplan.planfile.model import StepModel
from migplan.source.connect import Connection

_WORTH_A_WORD: Final = 100 * 1024 * 1024
_WITH_WAL: Final = 2


def disk_concerns(connection: Connection, locks: PlanLocks, steps: Sequence[StepModel]) -> Iterable[tuple[str, str]]:
    """What there is too little of, and what can't be known though much of it is needed; each with what helps."""
    for place, size in sorted(_needed(connection, locks, steps).items()):
        if size < _WORTH_A_WORD:
            continue
        free = _free(connection, place)
        needed = f"up to {_pretty(connection, size)} are needed in {place}, WAL included"
        if free is None:
            yield needed, "how much is free there can't be seen from here: look at it on the server"
        elif free < size:
            yield f"{needed}; {_pretty(connection, free)} are free", "make room: the run would stop in the middle"


def _needed(connection: Connection, locks: PlanLocks, steps: Sequence[StepModel]) -> Counter[str]:
    """Bytes by directory, at most: each row version anew where rows are written, a heap's size for an index."""
    times: Counter[str] = Counter()
    for step in steps:
        if step.new_objects or not (locks.in_batches(step) or locks.rewrites(step) or _builds_index(locks, step)):
            continue
        for table in locks.touched(step):
            times[table] += _WITH_WAL
    needed: Counter[str] = Counter()
    for table, place, size in connection.execute(_SIZES, (list(times),)).fetchall() if times else ():
        needed[str(place)] += int(size) * times[str(table)]
    return needed


def _builds_index(locks: PlanLocks, step: StepModel) -> bool:
    return step.kind == "index" and locks.scans(step)


def _free(connection: Connection, place: str) -> int | None:
    """Bytes that are free, where the server runs on this machine and its directory can be seen."""
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    if row is None or not _is_here(int(row[0])):
        return None
    try:
        found = os.statvfs(place)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def _is_here(pid: int) -> bool:
    """Whether the session's server process is one of this machine: a tunnel or container has other numbers."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"postgres: ")
    except OSError:
        return False


def _pretty(connection: Connection, size: int) -> str:
    row = connection.execute("SELECT pg_size_pretty(%s::bigint)", (size,)).fetchone()
    return str(row[0]) if row else str(size)


_SIZES: Final = """
SELECT n.nspname || '.' || c.relname,
       coalesce(nullif(pg_tablespace_location(coalesce(nullif(c.reltablespace, 0), d.dattablespace)), ''),
                CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('data_directory') END,
                'the data directory'),
       (SELECT coalesce(sum(pg_total_relation_size(relid)), pg_total_relation_size(c.oid))
        FROM pg_partition_tree(c.oid) WHERE isleaf)::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, pg_database d
WHERE d.datname = current_database() AND c.relkind IN ('r', 'p', 'm') AND n.nspname || '.' || c.relname = ANY(%s)
"""
