"""The locks of a transaction that takes several relations, had all at once: it holds none of them while it waits.

Statement by statement each one would be waited for while the ones before are held, which stalls applications once a
relation, and deadlocks with one that has the last of them and wants the first. What the proof measured tells the
tables; views, sequences and foreign tables are told by the steps that change them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from migplan.core.sql import deparsed
from migplan.core.steps import LockMode
from migplan.planfile.locks import UNFELT, PlanLocks, lock_mode, own_table
from migplan.planfile.model import StepModel
from migplan.planfile.units import Command, Unit
from migplan.source.connect import Connection
from migplan.strategies.patient_lock import is_patient, lock_by_owner, lock_command, patient_block

_RELATIONS: Final = """
SELECT n.nspname || '.' || c.relname, format('%%I.%%I', n.nspname, c.relname),
  CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE'
    WHEN 'S' THEN 'SEQUENCE' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname || '.' || c.relname = ANY(%s) AND CASE
    WHEN c.relkind IN ('r', 'p') THEN has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
    ELSE c.relkind IN ('v', 'm', 'f', 'S') AND pg_has_role(c.relowner, 'USAGE') END
ORDER BY CASE c.relkind WHEN 'v' THEN 1 WHEN 'm' THEN 1 WHEN 'p' THEN 2 WHEN 'S' THEN 4 ELSE 3 END,
  CASE WHEN c.relkind IN ('v', 'm') THEN -c.oid::bigint ELSE c.oid::bigint END
"""
"""As their users lock them: views before what they read, partitioned tables before partitions, sequences behind the
table whose defaults say them. Who may do no more than refer to a table can't lock it."""
_BY_THEIR_STEPS: Final = frozenset({"view", "materialized_view", "foreign_table", "sequence"})
_TRIES: Final = 4
"""In one attempt: the run waits longer and longer between its attempts, up to its deadline."""


class LocksTogether:
    """Which units of a plan lock several tables, and how they get them."""

    def __init__(self, locks: PlanLocks) -> None:
        self._felt = {s.id: {**locks.modes(s), **_own(s, back=locks.back)} for s in locks.plan.steps}
        self._unmeasured = {s.id for s in locks.plan.steps if locks.back and s.down.measured is None}

    def of(self, unit: Unit) -> Mapping[str, LockMode]:
        """The relations (``schema.name``) that the unit locks one after the other, each with its strongest lock."""
        if not unit.transactional or any(is_patient(c.sql) for c in unit.commands):
            return {}
        found: dict[str, LockMode] = {}
        for step in unit.steps:
            for relation, mode in self._felt.get(step, {}).items():
                found[relation] = max(mode, found.get(relation, LockMode.NONE))
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
        locks = [
            lock_command(deparsed(text), LockMode.ACCESS_EXCLUSIVE if strongest else modes[name])
            if kind is None
            else lock_by_owner(kind, text)
            for name, text, kind in work.execute(_RELATIONS, (list(modes),)).fetchall()
        ]
        if len(locks) > 1:
            work.execute(b"SET LOCAL statement_timeout = 0")
            work.execute(patient_block(locks, patience, _TRIES).encode())
        for command in settings:
            work.execute(command.sql.encode())


def _own(step: StepModel, *, back: bool) -> Mapping[str, LockMode]:
    """What a step works on, where that is no table: undone, a step that made it drops it."""
    if step.kind not in _BY_THEIR_STEPS or not (back or lock_mode(step.lock) > UNFELT):
        return {}
    return {own_table(step): LockMode.ACCESS_EXCLUSIVE}
