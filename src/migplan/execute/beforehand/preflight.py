"""Before anything runs: what on the server would hold a run up, or be harmed by it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from migplan.core.records import record
from migplan.core.wording import counted
from migplan.execute.backfills.backfill_job import Pace
from migplan.execute.beforehand.disk import disk_concerns
from migplan.execute.beforehand.grown import grown
from migplan.execute.beforehand.hidden_rows import hidden_rows
from migplan.execute.beforehand.other_owners import other_owners
from migplan.planfile.locks import PlanLocks
from migplan.planfile.model import StepModel
from migplan.source.connect import Connection

LONG: Final = 60.0
"""Seconds from which a transaction is worth a word."""


@record
class Concern:
    """Something to know before a run, and what helps. One that ``stops`` would make it wait in vain, or the application
    for longer than the plan says."""

    what: str
    help: str
    stops: bool = False

    def __str__(self) -> str:
        return f"{self.what}\n    -> {self.help}"


def preflight(
    connection: Connection,
    locks: PlanLocks,
    steps: Sequence[StepModel],
    pace: Pace,
    own: Sequence[int] = (),
    querying: Collection[str] = (),
) -> list[Concern]:
    """Everything that is known to be in the way of these steps, what stops them first.

    ``own`` are the process ids of sessions of the run itself, ``querying`` the ids of steps with queries of their own.
    """
    felt = sorted({t for s in steps for t in locks.felt(s)})
    touched = sorted({t for s in steps for t in locks.touched(s)})
    fills = any(locks.in_batches(s) for s in steps)
    found = [
        *_visibility(connection),
        *_transactions(connection, touched, own),
        *_prepared(connection, felt),
        *wraparound(connection, felt),
        *_invalid_indexes(connection, touched),
        *_slots(connection, pace.workers + 3 if fills else 3),
        *(_replicas(connection, pace.max_lag) if fills else ()),
        *(Concern(what, help) for what, help in disk_concerns(connection, locks, steps)),
        *(Concern(what, help, stops=True) for what, help in grown(connection, locks, steps)),
        *(Concern(what, help, stops=True) for what, help in hidden_rows(connection, locks, steps, querying)),
        *(Concern(what, help, stops=not locks.back) for what, help in other_owners(connection, locks.plan, steps)),
    ]
    return sorted(found, key=lambda c: not c.stops)


def _visibility(connection: Connection) -> Iterable[Concern]:
    if connection.execute("SELECT pg_has_role('pg_read_all_stats', 'USAGE')").fetchone() == (False,):
        yield Concern(
            "this role doesn't see what other roles' sessions and the replicas are at",
            "GRANT pg_monitor to it: else long transactions and lagging replicas go unnoticed",
        )


def _transactions(connection: Connection, touched: Sequence[str], own: Sequence[int]) -> Iterable[Concern]:
    asked = {"long": LONG, "touched": list(touched), "own": list(own)}
    rows = connection.execute(_TRANSACTIONS, asked).fetchall()
    for pid, user, application, state, age, tables in rows:
        holds = f", with locks on {', '.join(tables)}" if tables else ""
        yield Concern(
            f"pid {pid} ({user}, {application}, {state}) has a transaction open for {age:.0f} s{holds}",
            "steps that need its tables, and every CONCURRENTLY, wait for its end: "
            f"SELECT pg_terminate_backend({pid}), or --kill-blockers AGE",
        )


def _prepared(connection: Connection, felt: Sequence[str]) -> Iterable[Concern]:
    for name, owner, age, tables in connection.execute(_PREPARED, (list(felt),)).fetchall():
        quoted = "'" + str(name).replace("'", "''") + "'"
        held = f", with locks on {', '.join(tables)}" if tables else ""
        yield Concern(
            f"the prepared transaction {quoted} of {owner} is {age:.0f} s old{held}",
            f"it ends by COMMIT PREPARED {quoted} or ROLLBACK PREPARED {quoted} only",
            stops=bool(tables),
        )


def wraparound(connection: Connection, felt: Sequence[str]) -> Iterable[Concern]:
    """Vacuums that no lock request cancels: they stop what needs one of their tables in ``felt``."""
    for pid, table in connection.execute(_WRAPAROUND).fetchall():
        yield Concern(
            f"autovacuum works on {table} to prevent wraparound (pid {pid})",
            "it doesn't give way to a lock that is asked for: run the plan when it has ended",
            stops=table in felt,
        )


def _invalid_indexes(connection: Connection, touched: Sequence[str]) -> Iterable[Concern]:
    for index, table in connection.execute(_INVALID, (list(touched),)).fetchall():
        yield Concern(
            f"the index {index} of {table} is invalid, and costs every write",
            f"DROP INDEX CONCURRENTLY {index}, unless it is this plan's: then the run sees to it",
        )


def _slots(connection: Connection, needed: int) -> Iterable[Concern]:
    row = connection.execute(_SLOTS).fetchone()
    free = int(row[0]) if row else 0
    if free < needed:
        yield Concern(
            f"{counted(max(free, 0), 'connection')} {'are' if free > 1 else 'is'} free, {needed} are needed",
            "close some, or take fewer --workers",
            stops=True,
        )


def _replicas(connection: Connection, max_lag: float | None) -> Iterable[Concern]:
    for name, state, behind, lag in connection.execute(_REPLICAS).fetchall():
        if state != "streaming" or (max_lag is not None and lag is not None and lag > max_lag):
            yield Concern(
                f"the replica {name} ({state}) is {int(behind or 0):,} bytes of WAL behind",
                "backfills wait for it while it is more than --max-lag behind",
            )
    for name, kept in connection.execute(_SLOTS_UNUSED).fetchall():
        yield Concern(
            f"nobody reads the replication slot {name}: it keeps {int(kept or 0):,} bytes of WAL, and all that comes",
            f"SELECT pg_drop_replication_slot('{name}'), or start its reader",
        )


_TRANSACTIONS: Final = """
SELECT a.pid, a.usename, coalesce(nullif(a.application_name, ''), 'unnamed'), a.state,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8,
       (SELECT array_agg(DISTINCT n.nspname || '.' || c.relname) FROM pg_locks l
        JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE l.pid = a.pid AND l.granted AND n.nspname || '.' || c.relname = ANY(%(touched)s))
FROM pg_stat_activity a
WHERE a.backend_type = 'client backend' AND a.datname = current_database()
  AND a.pid <> ALL (pg_backend_pid() || %(own)s::int[])
  AND a.xact_start < clock_timestamp() - make_interval(secs => %(long)s)
ORDER BY a.xact_start
"""
_PREPARED: Final = """
SELECT p.gid, p.owner::text, extract(epoch FROM clock_timestamp() - p.prepared)::float8,
       (SELECT array_agg(DISTINCT n.nspname || '.' || c.relname)
        FROM pg_locks mine JOIN pg_locks l ON l.virtualtransaction = mine.virtualtransaction AND l.pid IS NULL
        JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE mine.transactionid = p.transaction AND mine.pid IS NULL
          AND n.nspname || '.' || c.relname = ANY(%s))
FROM pg_prepared_xacts p WHERE p.database = current_database() ORDER BY p.prepared
"""
_WRAPAROUND: Final = """
SELECT a.pid, n.nspname || '.' || c.relname
FROM pg_stat_activity a JOIN pg_locks l USING (pid) JOIN pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'm')
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.datname = current_database() AND a.query LIKE 'autovacuum:%(to prevent wraparound)'
  AND l.mode = 'ShareUpdateExclusiveLock' AND n.nspname !~ '^pg_'
"""
_INVALID: Final = """
SELECT i.indexrelid::regclass::text, n.nspname || '.' || c.relname
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relkind IN ('r', 'm') AND n.nspname || '.' || c.relname = ANY(%s) ORDER BY 1
"""
_SLOTS: Final = """
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
       - coalesce(current_setting('reserved_connections', true)::int, 0)
       - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
"""
_REPLICAS: Final = """
SELECT coalesce(nullif(application_name, ''), 'unnamed'), state,
       pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint, extract(epoch FROM replay_lag)::float8
FROM pg_stat_replication WHERE state IS NOT NULL
"""
_SLOTS_UNUSED: Final = """
SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint
FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL AND NOT temporary
"""
