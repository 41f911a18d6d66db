"""A table and its copy compared, row by row, but for what still waits in the change log."""

from __future__ import annotations

from collections.abc import Sequence

from migplan.core.sql import Sql, ident, join, sql
from migplan.core.steps import Assertion
from migplan.kinds.equality import Compared, compared, distinct
from migplan.strategies.rebuilds.change_log import ChangeLog


def disagreement(log: ChangeLog) -> Assertion:
    """Counts the rows in which both differ and which don't wait in the log, under one snapshot."""
    was: dict[str, Compared] = {c.name: compared(c, log.source.catalog) for c in log.source.columns}
    key = [Sql(f"k{n}") for n in range(1, len(log.key) + 1)]
    values = [Sql(f"v{n}") for n in range(1, len(log.columns) + 1)]
    source = join(
        ", ",
        [
            *(sql("{} AS {}", log.as_in_copy(c, ident(c.name)), n) for c, n in log.named(key)),
            *(sql("{} AS {}", f.value, v) for f, v in zip(log.columns, values, strict=True)),
        ],
    )
    copy = join(
        ", ",
        [
            *(sql("{} AS {}", ident(c.name), n) for c, n in log.named(key)),
            *(sql("{} AS {}", ident(f.column.name), v) for f, v in zip(log.columns, values, strict=True)),
        ],
    )
    differs = join(
        " OR ",
        [
            sql("s.{} IS NULL OR t.{} IS NULL", key[0], key[0]),
            *(
                distinct(sql("t.{}", v), sql("s.{}", v), compared(f.column, log.copy.catalog), was.get(f.column.name))
                for f, v in zip(log.columns, values, strict=True)
            ),
        ],
    )
    count = sql(
        "SELECT count(*) FROM (SELECT {source} FROM {live}) AS s FULL JOIN (SELECT {copy} FROM {aside}) AS t"
        " ON {same} WHERE ({differs})"
        " AND NOT EXISTS (SELECT FROM {log} AS l WHERE l.op = 'T' OR ({old}) OR ({new}))",
        source=source,
        live=log.source.live,
        copy=copy,
        aside=log.copy.aside,
        same=join(" AND ", (sql("s.{} = t.{}", n, n) for n in key)),
        differs=differs,
        log=log.name,
        old=_is_logged(log, log.olds, key),
        new=_is_logged(log, log.news, key),
    )
    return Assertion(count, f"rows of {log.source.root} differ from their copies", guard=True)


def _is_logged(log: ChangeLog, marks: Sequence[Sql], key: Sequence[Sql]) -> Sql:
    return join(
        " AND ",
        (
            sql("{} = coalesce(s.{}, t.{})", log.as_in_copy(c, sql("l.{}", mark)), n, n)
            for c, mark, n in zip(log.key, marks, key, strict=True)
        ),
    )
