"""Many queries in one round trip, whose rows are worked on while the server is at the next query."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import generators, pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result

from migplan.source.connect import Connection
from migplan.source.reading.kept_plans import KeptPlans

Rows = list[tuple[Any, ...]]


@contextmanager
def streamed(
    connection: Connection, queries: Sequence[str], schemas: Sequence[int], kept: KeptPlans | None = None
) -> Generator[Iterator[Rows]]:
    """The rows of each query, in order; ``%(ns)s`` in them stands for the oids of ``schemas``. With ``kept`` their
    plans are used again, and kept.

    psycopg's own pipeline hands over no result before the last one is there.
    """
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    new: list[bool] = []
    try:
        parameter = "{" + ",".join(map(str, schemas)) + "}"
        for query in queries:
            has_parameter = "%(ns)s" in query
            text = query.replace("%(ns)s", "$1").replace("%%", "%") if has_parameter else query
            values = [parameter.encode()] if has_parameter else None
            new.append(_send(pgconn, text, values, kept))
            pgconn.send_flush_request()
        pgconn.pipeline_sync()
        connection.wait(generators.send(pgconn))
        yield (_rows(connection, prepared) for prepared in new)
    finally:
        _leave(connection)


def _send(pgconn: pq.abc.PGconn, text: str, values: list[bytes] | None, kept: KeptPlans | None) -> bool:
    """Whether the query is prepared before it is run."""
    if kept is None:
        pgconn.send_query_params(text.encode(), values, result_format=pq.Format.BINARY)
        return False
    name = kept.name(text)
    if new := name not in kept.there:
        pgconn.send_prepare(name.encode(), text.encode())
    pgconn.send_query_prepared(name.encode(), values, result_format=pq.Format.BINARY)
    return new


def _rows(connection: Connection, prepared: bool) -> Rows:
    if prepared:
        _fetch(connection, pq.ExecStatus.COMMAND_OK)
    result = _fetch(connection, pq.ExecStatus.TUPLES_OK)
    transformer = Transformer(connection)
    transformer.set_pgresult(result, format=pq.Format.BINARY)
    return transformer.load_rows(0, result.ntuples, tuple)


def _fetch(connection: Connection, wanted: pq.ExecStatus) -> pq.abc.PGresult:
    (result,) = connection.wait(generators.fetch_many(connection.pgconn))
    if result.status != wanted:
        raise error_from_result(result, encoding=connection.info.encoding)
    return result


def _leave(connection: Connection) -> None:
    """Lets go of what is left after an error, up to the end of the pipeline."""
    pgconn = connection.pgconn
    while pgconn.status == pq.ConnStatus.OK:
        results = connection.wait(generators.fetch_many(pgconn))
        if any(result.status == pq.ExecStatus.PIPELINE_SYNC for result in results):
            pgconn.exit_pipeline_mode()
            return
