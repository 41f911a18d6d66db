"""Running many statements in one message, and knowing which of them failed."""

from __future__ import annotations

import selectors
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate
from typing import Final

import psycopg
from psycopg import pq

from migplan.core.errors import ShadowError
from migplan.core.records import record
from migplan.source.connect import Connection

_SEPARATOR: Final = "\n;\n"
_GOOD: Final = frozenset(
    {pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.EMPTY_QUERY, pq.ExecStatus.SINGLE_TUPLE}
)


@record
class Failure:
    """A server's error. ``position`` is a 0-based character offset in the failing statement, if the server gave one."""

    sqlstate: str
    message: str
    detail: str = ""
    hint: str = ""
    context: str = ""
    position: int | None = None


def run_batch(connection: Connection, statements: Sequence[str]) -> tuple[int, Failure | None]:
    """Sends all statements as one message, which PostgreSQL runs as one transaction.

    Returns their number, or the number of those before the failing one and the failure; nothing stays done then.
    A syntax error is found before anything runs. Raises ``ShadowError`` when the connection is lost.
    """
    pgconn = connection.pgconn
    pgconn.send_query(_SEPARATOR.join(statements).encode())
    done, failed = 0, None
    while (result := _next_result(pgconn)) is not None:
        if result.status in _GOOD:
            done += 1
        elif failed is None:
            failed = result
    if failed is None:
        return len(statements), None
    if connection.broken or pgconn.status == pq.ConnStatus.BAD:
        raise ShadowError(
            "the shadow server closed the connection in the middle of the work",
            hint="Look into that server's log, then run it again.",
        )
    return _located(failed, statements, done)


def _next_result(pgconn: pq.abc.PGconn) -> pq.abc.PGresult | None:
    """libpq's own waiting would not be interrupted by Ctrl-C. A lost connection is a result too."""
    with selectors.DefaultSelector() as selector, suppress(psycopg.OperationalError):
        selector.register(pgconn.socket, selectors.EVENT_READ)
        while pgconn.is_busy():
            selector.select()
            pgconn.consume_input()
    return pgconn.get_result()


def _located(result: pq.abc.PGresult, statements: Sequence[str], done: int) -> tuple[int, Failure]:
    position = _field(result, pq.DiagnosticField.STATEMENT_POSITION)
    if not position:
        return done, _failure(result, None)
    starts = [0, *accumulate(len(s) + len(_SEPARATOR) for s in statements)]
    offset = int(position) - 1
    index = max(i for i, start in enumerate(starts[:-1]) if start <= offset)
    return index, _failure(result, offset - starts[index])


def _failure(result: pq.abc.PGresult, position: int | None) -> Failure:
    return Failure(
        sqlstate=_field(result, pq.DiagnosticField.SQLSTATE),
        message=_field(result, pq.DiagnosticField.MESSAGE_PRIMARY) or "unknown error",
        detail=_field(result, pq.DiagnosticField.MESSAGE_DETAIL),
        hint=_field(result, pq.DiagnosticField.MESSAGE_HINT),
        context=_field(result, pq.DiagnosticField.CONTEXT),
        position=position,
    )


def _field(result: pq.abc.PGresult, which: pq.DiagnosticField) -> str:
    value = result.error_field(which)
    return "" if value is None else value.decode(errors="replace")
