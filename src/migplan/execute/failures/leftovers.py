"""What a failure left behind on a database: by the ledger, and by what the catalogs hold that no plan leaves there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from migplan.core.records import record
from migplan.execute.backfills.change_logs import LOGS
from migplan.execute.ledger.ledger import STOPPED, installed
from migplan.execute.ledger.standing import PlanStanding, fills, plans
from migplan.execute.operator import holder, left_at_work
from migplan.source.connect import Connection


@record
class Leftover:
    """What is there and should not stay, and the command that helps; ``expected`` where a plan is at work, or only
    waits for its next window, and it belongs there so long."""

    what: str
    help: str
    expected: bool = False


def leftovers(connection: Connection, said: str = "") -> list[Leftover]:
    """Everything of that kind; empty where all is as it should be. ``said`` is what the commands need."""
    known = plans(connection, said)
    working = holder(connection)
    found = [*_working(connection, working)]
    for plan in known:
        found += _run(plan, at_work=working is not None)
        found += _fills(connection, plan, at_work=working is not None)
    owners = [p for p in known if p.unfinished]
    found += _objects(connection, owners, at_work=working is not None)
    return found


def _working(connection: Connection, working: str | None) -> Iterator[Leftover]:
    if working is not None:
        yield Leftover(f"an operator works: {working}", "wait for the end of that run", expected=True)
        return
    for pid, application in left_at_work(connection):
        yield Leftover(
            f"a session of a run that is dead still works: pid {pid}, {application}",
            f"the next 'migplan apply' or 'rollback' ends it, or SELECT pg_terminate_backend({pid})",
        )


def _run(plan: PlanStanding, *, at_work: bool) -> Iterator[Leftover]:
    ended = plan.ended(at_work=at_work)
    ways = f"{plan.onward} continues" + (f"; {plan.back} leads back" if plan.direction == "up" else "")
    if ended in ("interrupted", STOPPED):
        yield Leftover(
            f"the plan {plan.id}: a run by {plan.operator} was {ended} ({plan.applied} of {plan.steps} steps"
            " are applied)",
            ways,
        )
    elif ended == "failed":
        yield Leftover(f"the plan {plan.id}: its last run failed: {plan.error}", f"mend the cause, then {ways}")
    if plan.paused:
        yield Leftover(f"the plan {plan.id} is paused", plan.again)


def _fills(connection: Connection, plan: PlanStanding, *, at_work: bool) -> Iterator[Leftover]:
    for fill in fills(connection, plan.id) if not at_work else ():
        if not fill.finished:
            yield Leftover(
                f"the backfill {fill.step} stopped after {fill.rows:,} rows ({fill.changed:,} changed)",
                f"{plan.onward} goes on at the next one",
            )


def _objects(connection: Connection, owners: Sequence[PlanStanding], *, at_work: bool) -> Iterable[Leftover]:
    waiting = bool(owners) and all(p.outcome == "reached" for p in owners)
    help = "; ".join(f"it belongs to {p.id}{_ways(p, at_work=at_work)}" for p in owners)
    orphan = "no unfinished plan is known here that it could belong to: look at it, then {0}"
    for kind in _KINDS:
        if kind.of_plans and not installed(connection):
            continue
        for row in connection.execute(kind.query.encode()).fetchall():
            helps = help or orphan.format(kind.remedy.format(*row))
            expected = bool(owners) if at_work else kind.lasting and waiting
            yield Leftover(kind.what.format(*row), helps, expected)


def _ways(plan: PlanStanding, *, at_work: bool) -> str:
    if at_work:
        return ", on which somebody works" if plan.outcome == "running" else ""
    return f": {' or '.join(dict.fromkeys((plan.onward, plan.back)))}"


@record
class _Kind:
    """One sort of object: its catalog query, what it is, what removes or completes it where no plan does.

    ``lasting`` ones stand between the windows of a plan, the others only while a run is at work.
    """

    query: str
    what: str
    remedy: str
    lasting: bool = True
    of_plans: bool = False


_KINDS: Final = (
    _Kind(
        "SELECT i.indexrelid::regclass::text, CASE WHEN c.relname ~ '_ccnew[0-9]*$' THEN"
        " 'a copy that REINDEX CONCURRENTLY did not finish' WHEN c.relname ~ '_ccold[0-9]*$' THEN"
        " 'the old one that REINDEX CONCURRENTLY did not drop' ELSE 'a concurrent build or drop was interrupted' END"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname !~ '^pg_' AND NOT EXISTS"
        " (SELECT 1 FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid) ORDER BY 1",
        "the index {0} is invalid: {1}",
        "DROP INDEX CONCURRENTLY {0}",
        lasting=False,
    ),
    _Kind(
        "SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text FROM pg_index i JOIN pg_class c"
        " ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE NOT i.indisvalid AND c.relkind = 'I' AND n.nspname !~ '^pg_' ORDER BY 1",
        "the index {0} of the partitioned table {1} is not complete: partitions lack theirs",
        "build and attach those, or DROP INDEX {0}",
        lasting=False,
    ),
    _Kind(
        "SELECT inhrelid::regclass::text, inhparent::regclass::text FROM pg_inherits WHERE inhdetachpending ORDER BY 1",
        "the partition {0} is half detached from {1}",
        "ALTER TABLE {1} DETACH PARTITION {0} FINALIZE",
        lasting=False,
    ),
    _Kind(
        "SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger WHERE tgname LIKE '~migplan%'"
        " AND tgname NOT LIKE '~migplan_log%' AND NOT tgisinternal AND tgparentid = 0 ORDER BY 1, 2",
        "the trigger {1} keeps columns of {0} in step",
        "DROP TRIGGER {1} ON {0}, together with the column that it serves",
    ),
    _Kind(
        "SELECT c.conrelid::regclass::text, quote_ident(c.conname) FROM pg_constraint c JOIN pg_class t"
        " ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace, LATERAL (SELECT ':constraint:'"
        " || concat_ws('.', quote_ident(n.nspname), quote_ident(t.relname), quote_ident(c.conname)) AS key) k"
        " WHERE NOT c.convalidated AND c.conname NOT LIKE '~%' AND EXISTS"
        " (SELECT 1 FROM migplan.step s JOIN migplan.plan_progress p ON p.id = s.plan"
        " WHERE right(s.step, length(k.key)) = k.key AND p.steps > p.steps_applied) ORDER BY 1, 2",
        "the constraint {1} of {0} is not validated yet",
        "ALTER TABLE {0} VALIDATE CONSTRAINT {1}",
        of_plans=True,
    ),
    _Kind(
        "SELECT c.conrelid::regclass::text, quote_ident(c.conname) FROM pg_constraint c WHERE NOT c.convalidated"
        " AND c.conname LIKE '~%' ORDER BY 1, 2",
        "the constraint {1} of {0} is not validated yet",
        "ALTER TABLE {0} DROP CONSTRAINT {1}",
    ),
    _Kind(
        "SELECT a.attrelid::regclass::text, quote_ident(a.attname) FROM pg_attribute a JOIN pg_class t"
        " ON t.oid = a.attrelid JOIN pg_namespace n ON n.oid = t.relnamespace WHERE a.attname LIKE '~%'"
        " AND NOT a.attisdropped AND t.relkind IN ('r', 'p') AND NOT t.relispartition"
        " AND n.nspname !~ '^pg_' AND n.nspname <> 'migplan' ORDER BY 1, 2",
        "the column {1} of {0} waits for its swap, or to be dropped",
        "ALTER TABLE {0} DROP COLUMN {1}",
    ),
    _Kind(
        "SELECT t.oid::regclass::text FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace"
        " WHERE (t.relname LIKE '~%' AND n.nspname !~ '^(pg_|~)' OR t.relname NOT LIKE '~%' AND n.nspname LIKE '~%')"
        " AND t.relkind IN ('r', 'p', 'v', 'm') AND NOT t.relispartition AND n.nspname <> 'migplan' ORDER BY 1",
        "{0} is a tombstone, or waits for its swap",
        "drop it",
    ),
    _Kind(
        LOGS,
        "the change log {0} grows by every row that is written ({1} now); 'migplan apply' replays it at the checkpoint",
        "drop it, with the triggers ~migplan_log that write it",
    ),
    _Kind(
        "SELECT t.oid::regtype::text FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
        " WHERE t.typname LIKE '~%' AND t.typtype IN ('e', 'd')"
        " AND n.nspname !~ '^pg_' AND n.nspname <> 'migplan' ORDER BY 1",
        "the type {0} waits for its swap, or to be dropped",
        "DROP TYPE {0}",
    ),
)
