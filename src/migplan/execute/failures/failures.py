"""What the operator is told of a unit that failed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import psycopg

from migplan.core.errors import ExecutionError
from migplan.execute.ledger.ledger import Direction
from migplan.planfile.model import AssertionModel
from migplan.planfile.units import Unit

_COUNT: Final = "SELECT count(*) FROM "
_SHOWN: Final = 10
_CONFLICTS: Final = {
    "23P01": "conflict with each other by exclusion constraint",
    "23505": "have the same values in the unique key",
}
_ASIDE: Final = re.compile("~(.+)~(new|old)")
"""The schema in which a form of a table stands aside."""


def primary(error: psycopg.Error) -> str:
    """The server's sentence, without what may quote rows; of rows that can't stand beside each other, ours, which names
    their table."""
    said, table, constraint = error.diag.message_primary, error.diag.table_name, error.diag.constraint_name
    conflict = _CONFLICTS.get(error.sqlstate or "")
    if conflict is not None and table and constraint:
        return f"rows of {_table(error.diag.schema_name or '', table)} {conflict} {constraint}"
    return said or " ".join(str(error).split())


def _table(schema: str, name: str) -> str:
    aside = _ASIDE.fullmatch(schema)
    return f"table {schema}.{name}" if aside is None else f"table {aside[1]}.{name}, in its {aside[2]} form,"


def details(error: psycopg.Error, asserted: Sequence[AssertionModel]) -> Iterator[str]:
    """What more there is to say on the terminal: it may quote rows, and is nothing for the ledger.

    Of rows that the plan itself counted, the query that shows them.
    """
    counted = [a for a in asserted if primary(error).startswith(a.message)]
    for assertion in counted:
        if assertion.count.startswith(_COUNT):
            query = assertion.count.replace(_COUNT, "SELECT * FROM ", 1)
            yield f"to see them: {query} LIMIT {_SHOWN}"
    yield from (s for s in (error.diag.message_detail, None if counted else error.diag.context) if s)


def failure(unit: Unit, error: psycopg.Error, direction: Direction) -> ExecutionError:
    """The error that ends the run."""
    notes: list[str] = getattr(error, "__notes__", [])
    place = next((n for n in notes if ":" in n and not n.startswith("waited")), unit.name)
    waited = next((f"; {n}" for n in notes if n.startswith("waited")), "")
    hint = (
        "Nothing of this unit is left behind. Mend the cause and run the same command again"
        if unit.transactional
        else "Mend the cause and run the same command again: it recognises what the statement left"
    )
    return ExecutionError(
        f"{', '.join(unit.steps)}: {primary(error)} [{error.sqlstate or 'no SQLSTATE'}]{waited}",
        place=place,
        hint=f"{hint}, or 'migplan rollback' leads back." if direction == "up" else f"{hint}.",
    )
