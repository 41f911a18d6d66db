"""The locks of a transaction that takes several tables, had all at once: it holds none of them while it waits.

Statement by statement each table would be waited for while the ones before are held, which stalls applications once a
table, and deadlocks with one that has the last of them and wants the first. What the proof measured tells the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from migplan.core.sql import deparsed
from migplan.core.steps import LockMode
from migplan.planfile.locks import PlanLocks
from migplan.planfile.units import Command, Unit
from migplan.source.connect import Connection
from migplan.strategies.patient_lock import is_patient, lock_command, patient_block

_TABLES: Final = """
SELECT n.nspname || '.' || c.relname, format('%%I.%%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname || '.' || c.relname = ANY(%s) AND c.relkind IN ('r', 'p')
  AND has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
ORDER BY c.relkind = 'p' DESC, c.oid
"""
"""Partitioned tables first, as their readers lock them. Who may do no more than refer to a table can't lock it."""
_TRIES: Final = 4
"""In one attempt: the run waits longer and longer between its attempts, up to its deadline."""


class LocksTogether:
    """Which units of a plan lock several tables, and how they get them."""

    def __init__(self, locks: PlanLocks) -> None:
        self._felt = {s.id: locks.modes(s) for s in locks.plan.steps}
        self._unmeasured = {s.id for s in locks.plan.steps if locks.back and s.down.measured is None}

    def of(self, unit: Unit) -> Mapping[str, LockMode]:
        """The tables (``schema.name``) that the unit locks one after the other, each with its strongest lock."""
        if not unit.transactional or any(is_patient(c.sql) for c in unit.commands):
            return {}
        found: dict[str, LockMode] = {}
        for step in unit.steps:
            for table, mode in self._felt.get(step, {}).items():
                found[table] = max(mode, found.get(table, LockMode.NONE))
        return found if len(found) > 1 else {}

    def take(self, work: Connection, unit: Unit, settings: Sequence[Command]) -> None:
        """Lock them in the transaction under way, whose ``settings`` hold again afterwards.

        Where the plan is from before the proof measured the way back, what is quick takes the strongest lock of each
        for a moment: a lock that had to grow later would be waited for while the others are held.
        """
        modes, patience = self.of(unit), unit.limits.get("lock_timeout", 0)
        if not modes or not patience:
            return
        strongest = not self._unmeasured.isdisjoint(unit.steps) and unit.limits.get("statement_timeout", 0) > 0
        known = work.execute(_TABLES, (list(modes),)).fetchall()
        wanted = ((text, LockMode.ACCESS_EXCLUSIVE if strongest else modes[name]) for name, text in known)
        locks = [lock_command(deparsed(text), mode) for text, mode in wanted]
        if len(locks) > 1:
            work.execute(b"SET LOCAL statement_timeout = 0")
            work.execute(patient_block(locks, patience, _TRIES).encode())
        for command in settings:
            work.execute(command.sql.encode())
