"""When triggers and rules fire: the letters of pg_trigger.tgenabled and its like (manual: session_replication_role)."""

from __future__ import annotations

from typing import Final

from migplan.core.sql import Sql

ORIGIN: Final = "O"
"""Fires unless session_replication_role is replica: what a new trigger or rule does."""

_CLAUSES: Final = {
    ORIGIN: Sql("ENABLE"),
    "D": Sql("DISABLE"),
    "R": Sql("ENABLE REPLICA"),
    "A": Sql("ENABLE ALWAYS"),
}


def firing_clause(letter: str) -> Sql:
    """The words of ``ALTER TABLE … ENABLE REPLICA TRIGGER`` for one letter: O, D, R or A."""
    return _CLAUSES[letter]
