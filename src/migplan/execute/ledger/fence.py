"""What a run writes into the ledger between its own statements, as long as nobody has taken the database over.

Each of these statements divides by the number of runs that still are this one: whoever was taken over changes nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg
from psycopg import Cursor

from migplan.core.records import record
from migplan.execute.ledger.ledger import Direction, FencedError
from migplan.execute.ledger.this_run import ThisRun
from migplan.source.connect import Connection


@record
class Batch:
    """One batch of a part of a backfill: the key it came to, rows read and changed, whether it was the last one, and
    the seconds of work by a clock that doesn't jump."""

    part: int
    position: tuple[str, ...] | None
    read: int
    changed: int
    done: bool
    seconds: float = 0.0


def settle(work: Connection, run: ThisRun, attempt: int, steps: Iterable[str]) -> None:
    """Steps that no transaction holds together have happened. Raises ``FencedError`` for a run taken over."""
    with _fence():
        work.execute(*_settled(run, attempt, steps))


def settle_and_commit(
    work: Connection, run: ThisRun, attempt: int, steps: Iterable[str], *, lazily: bool = False
) -> None:
    """In the transaction of the steps themselves: they have happened; and its COMMIT. Raises ``FencedError``.

    ``lazily`` doesn't wait for the disk: until something is committed that does, a crash of the server could take the
    steps along with what says that they have happened.
    """
    _and_commit(work, *_settled(run, attempt, steps), lazily=lazily)


def settle_batch(work: Connection, run: ThisRun, step: str, batch: Batch) -> None:
    """In the transaction of the batch itself: where it came to; and its COMMIT. Raises ``FencedError``."""
    parameters = {
        "run": run.number,
        "plan": run.ledger.plan,
        "step": step,
        "direction": run.direction,
        "part": batch.part,
        "position": batch.position and list(batch.position),
        "read": batch.read,
        "changed": batch.changed,
        "done": batch.done,
        "seconds": batch.seconds,
    }
    _and_commit(work, _POSITION, parameters)


def mark_command(work: Connection, run: ThisRun, steps: Iterable[str], state: str, commands: int) -> None:
    """Between the statements of steps that no transaction holds together: so many of them have ended."""
    with _fence():
        work.execute(
            _UNDER_WAY,
            {"run": run.number, "plan": run.ledger.plan, "steps": list(steps), "state": state, "commands": commands},
        )


def _settled(run: ThisRun, attempt: int, steps: Iterable[str]) -> tuple[LiteralString, Mapping[str, Any]]:
    change = _settlement(run.direction, _BEATING, _ENDED).format(run="%(run)s", plan="%(plan)s", steps="%(steps)s")
    return change, {"run": run.number, "attempt": attempt, "plan": run.ledger.plan, "steps": list(steps)}


def quick_settlement(direction: Direction) -> LiteralString:
    """The same of a unit among many, attempt included: a statement with the parameters $1 (run, bigint), $2 (plan),
    $3 (unit) and $4 (steps, text[]).

    It locks the run's row and leaves it as it is: of a new version for each unit the later ones would have to find
    their way through all of them.
    """
    return _settlement(direction, _LOCKED, _TRIED).format(run="$1", plan="$2", steps="$4")


def _settlement(direction: Direction, fence: LiteralString, attempt: LiteralString) -> LiteralString:
    change: LiteralString = _APPLIED if direction == "up" else _UNDONE
    return f"WITH fence AS ({fence}),\nattempt AS ({attempt}),\n{change}\nSELECT 1 / count(*) FROM fence"


def _and_commit(
    work: Connection, change: LiteralString, parameters: Mapping[str, Any], *, lazily: bool = False
) -> None:
    """Both in one message. The server skips what stands behind an error, so that a run taken over commits nothing."""
    settled: Cursor[Any] | None = None
    try:
        with work.pipeline():
            if lazily:
                work.execute("SET LOCAL synchronous_commit = off")
            settled = work.execute(change, parameters)
            work.execute("COMMIT")
    except psycopg.errors.DivisionByZero as error:
        if settled is not None and settled.pgresult is not None:  # a deferred trigger of the user's
            raise
        raise taken_over() from error


@contextmanager
def _fence() -> Generator[None]:
    """None left that is this one: another operator came."""
    try:
        yield
    except psycopg.errors.DivisionByZero as error:
        raise taken_over() from error


def taken_over() -> FencedError:
    """What a run is told whose database another operator works on by now."""
    return FencedError(
        "another operator has taken over this database since",
        hint="Nothing was done since then. 'migplan status' says who works.",
    )


_BEATING: Final = (
    "UPDATE migplan.run SET heartbeat = clock_timestamp() WHERE id = {run} AND outcome = 'running' RETURNING 1"
)
_LOCKED: Final = "SELECT 1 FROM migplan.run WHERE id = {run} AND outcome = 'running' FOR SHARE"
_APPLIED: Final = (
    "step AS (INSERT INTO migplan.step (plan, step, state, run)\n"
    "         SELECT {plan}, s, 'applied', {run} FROM unnest({steps}::text[]) s\n"
    "         ON CONFLICT (plan, step)\n"
    "         DO UPDATE SET state = 'applied', run = excluded.run, changed = clock_timestamp())"
)
_UNDONE: Final = (
    "step AS (DELETE FROM migplan.step WHERE plan = {plan} AND step = ANY({steps})),\n"
    "filled AS (DELETE FROM migplan.backfill WHERE plan = {plan} AND step = ANY({steps}))"
)
_ENDED: Final = "UPDATE migplan.attempt SET ended = clock_timestamp(), outcome = 'done' WHERE id = %(attempt)s"
_TRIED: Final = (
    "INSERT INTO migplan.attempt (run, unit, steps, number, started, ended, outcome)"
    " VALUES ($1, $3, $4, 1, transaction_timestamp(), clock_timestamp(), 'done')"
)
_UNDER_WAY: Final = """
WITH fence AS (UPDATE migplan.run SET heartbeat = clock_timestamp()
               WHERE id = %(run)s AND outcome = 'running' RETURNING 1),
step AS (INSERT INTO migplan.step (plan, step, state, commands, run)
         SELECT %(plan)s, s, %(state)s, %(commands)s, %(run)s FROM unnest(%(steps)s::text[]) s
         ON CONFLICT (plan, step) DO UPDATE SET state = excluded.state, commands = excluded.commands,
                                                run = excluded.run, changed = clock_timestamp())
SELECT 1 / count(*) FROM fence
"""
_POSITION: Final = """
WITH backfill AS (
  UPDATE migplan.backfill SET position = %(position)s, rows_read = rows_read + %(read)s,
         rows_changed = rows_changed + %(changed)s, batches = batches + 1, updated = clock_timestamp(),
         finished = CASE WHEN %(done)s THEN clock_timestamp() END, seconds = seconds + %(seconds)s
  WHERE plan = %(plan)s AND step = %(step)s AND direction = %(direction)s AND part = %(part)s
), fence AS (
  UPDATE migplan.run SET heartbeat = clock_timestamp() WHERE id = %(run)s AND outcome = 'running' RETURNING 1
)
SELECT 1 / count(*) FROM fence
"""
