"""Many queries in one round trip, whose rows are worked on while the server is at the next query."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import generators, pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result

from migplan.source.connect import Connection

Rows = list[tuple[Any, ...]]


@contextmanager
def streamed(connection: Connection, queries: Sequence[str], schemas: Sequence[int]) -> Generator[Iterator[Rows]]:
    """The rows of each query, in order; ``%(ns)s`` in them stands for the oids of ``schemas``.

    psycopg's own pipeline hands over no result before the last one is there.
    """
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    try:
        parameter = "{" + ",".join(map(str, schemas)) + "}"
        for query in queries:
            has_parameter = "%(ns)s" in query
            text = query.replace("%(ns)s", "$1").replace("%%", "%") if has_parameter else query
            values = [parameter.encode()] if has_parameter else None
            pgconn.send_query_params(text.encode(), values, result_format=pq.Format.BINARY)
            pgconn.send_flush_request()
        pgconn.pipeline_sync()
        connection.wait(generators.send(pgconn))
        yield (_rows(connection) for _ in queries)
    finally:
        _leave(connection)


def _rows(connection: Connection) -> Rows:
    (result,) = connection.wait(generators.fetch_many(connection.pgconn))
    if result.status != pq.ExecStatus.TUPLES_OK:
        raise error_from_result(result, encoding=connection.info.encoding)
    transformer = Transformer(connection)
    transformer.set_pgresult(result, format=pq.Format.BINARY)
    return transformer.load_rows(0, result.ntuples, tuple)


def _leave(connection: Connection) -> None:
    """Lets go of what is left after an error, up to the end of the pipeline."""
    pgconn = connection.pgconn
    while pgconn.status == pq.ConnStatus.OK:
        results = connection.wait(generators.fetch_many(pgconn))
        if any(result.status == pq.ExecStatus.PIPELINE_SYNC for result in results):
            pgconn.exit_pipeline_mode()
            return
