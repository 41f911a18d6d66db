"""Tables with rows that the role doesn't see: row-level security binds it, and the plan reads or writes them all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from migplan.planfile.locks import PlanLocks
from migplan.planfile.model import StepModel
from migplan.source.connect import Connection


def hidden_rows(
    connection: Connection, locks: PlanLocks, steps: Sequence[StepModel], querying: Collection[str]
) -> Iterable[tuple[str, str]]:
    """What policies keep from the run, each with what helps; ``querying`` are the ids of steps with queries of their
    own. Definitions, indexes and constraints are made of all rows, whoever makes them."""
    reading = [s for s in steps if s.id in querying or s.assertions or locks.in_batches(s)]
    tables = sorted({table for step in reading for table in locks.touched(step)})
    for table, role in connection.execute(_HIDDEN, (tables,)).fetchall() if tables else ():
        yield (
            f"the policies of table {table} hide rows from the role {role}, and the plan has to see them all",
            f"let a role run it that no policy binds: a superuser, or ALTER ROLE {role} BYPASSRLS by one",
        )


_HIDDEN: Final = """
SELECT n.nspname || '.' || c.relname, quote_ident(current_user)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relrowsecurity AND row_security_active(c.oid) AND n.nspname || '.' || c.relname = ANY(%s) ORDER BY 1
"""
