"""Many quick transactions in one message: with thousands of steps the round trips take the most of the time.

Each has its own BEGIN, its entry in the ledger and its COMMIT, as it has alone. The server skips what stands behind an
error, so that the first one that fails is the last one that was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, LiteralString

import psycopg
from psycopg import generators, pq
from psycopg.errors import error_from_result

from migplan.core.sql import literal
from migplan.execute.ledger.fence import quick_settlement, taken_over
from migplan.execute.ledger.ledger import Direction
from migplan.execute.ledger.this_run import ThisRun
from migplan.planfile.model import StepModel
from migplan.planfile.units import Unit
from migplan.source.connect import Connection

_FEW: Final = 32
"""Units below which each is run alone: there is no time to be won, and what happens can be watched one by one."""
_MOST: Final = 128
"""Units in one message. The operator's lock is looked at between messages."""
_NAMES: Final[Mapping[Direction, LiteralString]] = {"up": "~migplan~applied", "down": "~migplan~undone"}
_BEGUN: Final = (
    "UPDATE migplan.run SET heartbeat = clock_timestamp() WHERE id = %s AND outcome = 'running'"
    " RETURNING EXISTS (SELECT FROM pg_prepared_statements WHERE name = %s),"
    " set_config('synchronous_commit', 'off', true)"
)
_BETWEEN: Final = "\n;\n"
"""A statement may end with a comment to the end of its line."""
_LAZILY: Final = "SET LOCAL synchronous_commit = off"


def in_messages(units: Iterable[Unit], is_quick: Callable[[Unit], bool]) -> Iterator[list[Unit]]:
    """The units in their order, those that go out together in one list, each of the others in its own."""
    for (quick, _), found in groupby(units, lambda u: (is_quick(u), _settings(u))):
        alike = list(found)
        size = _MOST if quick and len(alike) >= _FEW else 1
        yield from (alike[at : at + size] for at in range(0, len(alike), size))


def takes_moments(unit: Unit, steps: Sequence[StepModel]) -> bool:
    """Whether a transaction neither reads nor writes a table, and counts nothing beforehand."""
    if not unit.transactional or unit.checks or not unit.commands or len(steps) != len(unit.steps):
        return False
    return not any(s.rewrite or s.scan or s.in_batches or s.assertions for s in steps)


def takes_moments_back(unit: Unit) -> bool:
    """The same of a way back, of which the plan says no more than what it may take."""
    return unit.transactional and not unit.checks and unit.limits.get("statement_timeout", 0) > 0


def run_at_once(work: Connection, run: ThisRun, units: Sequence[Unit]) -> tuple[int, psycopg.Error | None]:
    """Run the units, each with its entry in the ledger; how many of them are known to be done, and the error of the
    next one. Commits don't wait for the disk.

    Raises ``FencedError`` for a run taken over.
    """
    name = _NAMES[run.direction]
    statements = [_statements(run, unit, name) for unit in units]
    text = _BETWEEN.join(s for of_unit in statements for s in of_unit)
    try:
        _begin(work, run, name)
        work.pgconn.send_query(text.encode())
        results = work.wait(generators.execute(work.pgconn))
    except psycopg.Error as error:
        return 0, error
    failed = next((r for r in results if r.status == pq.ExecStatus.FATAL_ERROR), None)
    if failed is None:
        return len(units), None
    error = error_from_result(failed, encoding=work.info.encoding)
    if not work.closed:
        work.rollback()
    return _failure(units, statements, results.index(failed), error)


def _begin(work: Connection, run: ThisRun, settled: LiteralString) -> None:
    """Show that the run is alive, and prepare what writes down what has happened: to plan it takes longer than to carry
    it out. Raises ``FencedError``."""
    row = work.execute(_BEGUN, (run.number, settled)).fetchone()
    if row is None:
        raise taken_over()
    if not row[0]:
        work.execute(f'PREPARE "{settled}" (bigint, text, text, text[]) AS {quick_settlement(run.direction)}')


def _failure(
    units: Sequence[Unit], statements: Sequence[Sequence[str]], before: int, error: psycopg.Error
) -> tuple[int, psycopg.Error]:
    """The unit to which the statement behind ``before`` others belongs."""
    for number, of_unit in enumerate(statements):
        if before < len(of_unit):
            commands = units[number].commands
            if of_unit[before].startswith("EXECUTE ") and isinstance(error, psycopg.errors.DivisionByZero):
                raise taken_over() from error
            error.add_note(commands[min(max(before - 1, 0), len(commands) - 1)].place)
            return number, error
        before -= len(of_unit)
    return len(units) - 1, error


def _statements(run: ThisRun, unit: Unit, settled: str) -> list[str]:
    steps = ", ".join(map(literal, unit.steps))
    given = f"{run.number}, {literal(run.ledger.plan)}, {literal(unit.name)}, ARRAY[{steps}]::text[]"
    own = (c.sql for c in unit.commands)
    return ["BEGIN", *own, _LAZILY, f'EXECUTE "{settled}" ({given})', "COMMIT"]


def _settings(unit: Unit) -> tuple[str, ...]:
    return next((c.settings for c in unit.commands), ())
