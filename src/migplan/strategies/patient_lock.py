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


def lock_patiently(
    relations: Sequence[ObjectId], settings: Settings, mode: LockMode = LockMode.ACCESS_EXCLUSIVE
) -> list[Statement]:
    """``mode`` on all of them, in this order at first.

    The first one is waited for as long as ``lock_timeout`` says, the others together for less than it takes PostgreSQL
    to look for a deadlock (manual: 20.12, deadlock_timeout), which might end an application's transaction: who has
    another one may have queued up behind us from the beginning. So what was waited for long is let go once more, and
    had quickly in the next try. Where one can't be had, all are let go, and that one is the first of the next try.
    """
    block = sql(
        "DO $migplan$\nDECLARE\n  relations text[] := ARRAY[{names}];\n  wanted text;\n  patience integer;\n"
        "  began timestamptz;\n  waited integer;\n  tries integer := 0;\nBEGIN\n  LOOP\n    BEGIN\n"
        "      patience := {first};\n      began := clock_timestamp();\n      FOREACH wanted IN ARRAY relations LOOP\n"
        "        PERFORM set_config('lock_timeout', patience || 'ms', true);\n"
        "        EXECUTE format('LOCK TABLE ONLY %s IN {mode} MODE', wanted);\n"
        "        waited := 1000 * extract(epoch FROM clock_timestamp() - began);\n"
        "        IF wanted = relations[1] AND waited > {then} AND cardinality(relations) > 1 THEN\n"
        "          RAISE lock_not_available USING MESSAGE = format('%s came late; others queue for it', wanted);\n"
        "        END IF;\n        patience := greatest(1, 2 * {then} - waited);\n"
        "      END LOOP;\n      EXIT;\n"
        "    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN\n      tries := tries + 1;\n"
        "      IF tries = {tries} THEN\n        RAISE;\n      END IF;\n    END;\n"
        "    relations := wanted || array_remove(relations, wanted);\n"
        "    PERFORM pg_sleep(0.3 + random());\n  END LOOP;\nEND\n$migplan$",
        names=join(", ", (literal(ident(*r.path)) for r in relations)),
        first=settings.lock_timeout,
        then=min(settings.lock_timeout, _SHORT),
        mode=Sql(str(mode)),
        tries=_TRIES,
    )
    limit = sql("SET LOCAL statement_timeout = {}", literal(f"{settings.statement_timeout}ms"))
    return [Statement(block, mode, timing=Timing.LONG), Statement(limit)]
