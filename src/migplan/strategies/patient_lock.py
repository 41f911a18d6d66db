"""Several tables locked for a moment: none is waited for long while others are held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.settings import Settings
from migplan.core.sql import Sql, ident, join, literal, sql
from migplan.core.steps import LockMode, Statement, Timing

_TRIES: Final = 20
_SHORT: Final = 450
"""Milliseconds; twice of it is less than deadlock_timeout."""
_BEGINS: Final = "DO $migplan$\nDECLARE\n  locks text[] := ARRAY["


def lock_patiently(
    relations: Sequence[ObjectId], settings: Settings, mode: LockMode = LockMode.ACCESS_EXCLUSIVE
) -> list[Statement]:
    """``mode`` on all of them, in this order at first."""
    commands = [
        lock_by_owner("VIEW", ident(*r.path)) if r.kind == "view" else lock_command(ident(*r.path), mode)
        for r in relations
    ]
    block = patient_block(commands, settings.lock_timeout)
    limit = sql("SET LOCAL statement_timeout = {}", literal(f"{settings.statement_timeout}ms"))
    return [Statement(block, mode, timing=Timing.LONG), Statement(limit)]


def lock_command(table: Sql, mode: LockMode) -> Sql:
    """An expression for the command that locks a table."""
    return literal(sql("LOCK TABLE ONLY {} IN {} MODE", table, Sql(str(mode))))


def lock_by_owner(kind: str, relation: str) -> Sql:
    """An expression for a command that changes nothing and locks a relation, as its drop does; ``kind`` is its name in
    SQL. LOCK TABLE locks what a view reads as well, and knows no kind but tables and views (manual: LOCK)."""
    return sql(
        "(SELECT format('ALTER {} %s OWNER TO %I', oid::regclass, pg_get_userbyid(relowner))"
        " FROM pg_class WHERE oid = {}::regclass)",
        Sql(kind),
        literal(relation),
    )


def patient_block(commands: Sequence[Sql], lock_timeout: int, tries: int = _TRIES) -> Sql:
    """A block that gets one lock after the other, in this order at first; ``lock_timeout`` in milliseconds.

    The first one is waited for as long as ``lock_timeout`` says, the others together for less than it takes PostgreSQL
    to look for a deadlock (manual: 20.12, deadlock_timeout), which might end an application's transaction: who has
    another one may have queued up behind us from the beginning. So what was waited for long is let go once more, and
    had quickly in the next try. Where one can't be had, all are let go, and that one is the first of the next try.
    """
    return sql(
        "DO $migplan$\nDECLARE\n  locks text[] := ARRAY[\n    {locks}\n  ];\n  wanted text;\n  patience integer;\n"
        "  began timestamptz;\n  waited integer;\n  tries integer := 0;\nBEGIN\n  LOOP\n    BEGIN\n"
        "      patience := {first};\n      began := clock_timestamp();\n      FOREACH wanted IN ARRAY locks LOOP\n"
        "        PERFORM set_config('lock_timeout', patience || 'ms', true);\n"
        "        EXECUTE wanted;\n"
        "        waited := 1000 * extract(epoch FROM clock_timestamp() - began);\n"
        "        IF wanted = locks[1] AND waited > {then} AND cardinality(locks) > 1 THEN\n"
        "          RAISE lock_not_available USING MESSAGE = format('%s: it came late, others queue for it', wanted);\n"
        "        END IF;\n        patience := greatest(1, 2 * {then} - waited);\n"
        "      END LOOP;\n      EXIT;\n"
        "    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN\n      tries := tries + 1;\n"
        "      IF tries = {tries} THEN\n        RAISE;\n      END IF;\n    END;\n"
        "    locks := wanted || array_remove(locks, wanted);\n"
        "    PERFORM pg_sleep(0.3 + random());\n  END LOOP;\nEND\n$migplan$",
        locks=join(",\n    ", commands),
        first=lock_timeout,
        then=min(lock_timeout, _SHORT),
        tries=tries,
    )


def is_patient(command: str) -> bool:
    """Whether a statement of a plan is such a block."""
    return command.lstrip().startswith(_BEGINS)
