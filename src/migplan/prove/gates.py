"""Seeing the locks of what no transaction block may hold: CREATE INDEX CONCURRENTLY and its like.

Such a command commits in between, and its locks are gone before anyone could read them. But it waits for sessions that
use its table. So one session a relation stands in its way (a gate); while it waits there its locks are read, then the
gate opens. Each gate stops it once, so that every stage that waits for somebody is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import Final

import psycopg
from psycopg import sql

from migplan.core.records import record
from migplan.prove.locks import Connection
from migplan.source.connect import backend_pid
from migplan.source.text.lexer import TokenKind, tokens

_NAMED: Final = """
SELECT DISTINCT n.nspname::text, t.relname::text, t.relkind::text
FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
JOIN pg_class t ON t.oid = coalesce(i.indrelid, c.oid) JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE c.relname = ANY(%s) AND t.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1, 2
"""
_WRITER: Final = sql.SQL("ROW EXCLUSIVE")
_READER: Final = sql.SQL("SHARE")
_POLL: Final = 0.003
"""Seconds."""


@record
class _Gate:
    connection: Connection
    pid: int


def run_gated(
    work: Connection,
    pid: int,
    watch: Connection,
    statement: str,
    seen: Callable[[], None],
    run: Callable[[], object],
) -> int:
    """``run`` the statement on ``work``, the server's process ``pid``, in a thread, and call ``seen`` each time it
    waits at a gate.

    Returns how many gates it waited at. Raises what ``run`` raises.
    """
    waited = 0
    with _gates(watch, _relations_named(watch, statement), _mode(statement)) as gates, ThreadPoolExecutor(1) as pool:
        future = pool.submit(run)
        try:
            while not future.done():
                met = _blocking(pid, watch, gates)
                if met:
                    seen()
                waited += len(met)
                for gate in met:
                    gate.connection.close()
                    gates.remove(gate)
                if not met:
                    wait([future], timeout=_POLL)
        finally:
            _open(gates)
            _end(future, work)
    future.result()
    return waited


def _end(future: Future[object], work: Connection) -> None:
    """Nothing of ours stands in its way any more; what else may do so is not waited for when the run is over."""
    if not future.done() and not wait([future], timeout=10).done:
        work.cancel()


@contextmanager
def _gates(watch: Connection, relations: Iterable[tuple[str, str, str]], mode: sql.SQL) -> Generator[list[_Gate]]:
    gates: list[_Gate] = []
    try:
        for schema, name, kind in relations:
            gate = psycopg.connect(watch.info.dsn, password=watch.info.password or None)
            gates.append(_Gate(gate, backend_pid(gate)))
            gate.rollback()
            gate.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            relation = sql.Identifier(schema, name)
            if kind == "m":  # nobody writes to it, but a snapshot is waited for as well
                gate.execute(sql.SQL("SELECT FROM {} LIMIT 0").format(relation))
            else:
                gate.execute(sql.SQL("LOCK TABLE ONLY {} IN {} MODE").format(relation, mode))
        yield gates
    finally:
        _open(gates)


def _open(gates: Sequence[_Gate]) -> None:
    for gate in gates:
        with suppress(psycopg.Error):
            gate.connection.close()


def _blocking(pid: int, watch: Connection, gates: Sequence[_Gate]) -> list[_Gate]:
    row = watch.execute("SELECT pg_blocking_pids(%s)", [pid]).fetchone()
    return [gate for gate in gates if row is not None and gate.pid in row[0]]


def _mode(statement: str) -> sql.SQL:
    """A writer is what CONCURRENTLY waits for; a block of code is stopped at its first write."""
    return _READER if next(tokens(statement)).upper in ("DO", "CALL") else _WRITER


def _relations_named(watch: Connection, statement: str) -> list[tuple[str, str, str]]:
    """(schema, name, relkind) of the tables that the statement names, itself or by an index, in whatever schema."""
    return [(s, n, k) for s, n, k in watch.execute(_NAMED, [sorted(_names(statement))]).fetchall()]


def _names(text: str) -> set[str]:
    found = set[str]()
    for token in tokens(text):
        if token.is_name:
            found.add(token.name)
        elif token.kind is TokenKind.STRING and token.text.startswith("$"):
            found |= _names(token.value)
    return found
