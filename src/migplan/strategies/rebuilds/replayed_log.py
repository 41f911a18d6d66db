"""A change log replayed: its rows are taken out of the copy, read again, and forgotten.

That may be done any number of times and in any order, and leaves the copy as the table was at that moment: one
statement reads log and rows under one snapshot.
"""

from __future__ import annotations

from typing import Final

from migplan.core.sql import Sql, ident, join, literal, sql
from migplan.core.steps import WITHIN, Batches, LockMode, Statement, Timing
from migplan.strategies.rebuilds.change_log import ChangeLog
from migplan.strategies.sync.steered_blocks import FEW_KEYS, settings_of, steered

_SHORT: Final = 1000
"""So many changes are replayed in a moment."""
_FEW_PAGES: Final = 128
"""Of the log, to begin with."""


def catch_up(log: ChangeLog) -> Statement:
    """Replay in short transactions along the log's pages, until what is left takes but a moment."""
    within = Sql("ctid >= format('(%s,0)', page)::tid AND ctid < format('(%s,0)', page + size)::tid")
    block = sql(
        "DO $migplan$\n#variable_conflict use_column\nDECLARE\n  page bigint := 0;\n  pages bigint;\n"
        "  size integer := {few};\n  rounds integer := 0;\n  began timestamptz;\nBEGIN\n  LOOP\n"
        "    began := clock_timestamp();\n"
        "    pages := pg_relation_size({name}::regclass) / current_setting('block_size')::bigint;\n{settings}"
        "    BEGIN\n{replay}"
        "      page := page + size;\n"
        "    EXCEPTION WHEN unique_violation OR exclusion_violation THEN\n"
        "      IF page = 0 AND size > pages THEN\n        RAISE;\n      END IF;\n"
        "      page := 0;\n      size := size * 4;\n      CONTINUE;\n    END;\n    COMMIT;\n{steered}"
        "    IF page > pages THEN\n      page := 0;\n      rounds := rounds + 1;\n"
        "      EXIT WHEN rounds = 100 OR ({left}) <= {enough};\n    END IF;\n  END LOOP;\nEND\n$migplan$",
        few=_FEW_PAGES,
        name=literal(log.name),
        settings=settings_of(FEW_KEYS),
        replay=join("", (sql("      {};\n", s) for s in _replayed(log, within))),
        steered=steered(8, 20_000),
        left=_left(log),
        enough=_SHORT,
    )
    return Statement(block, LockMode.ACCESS_SHARE, transactional=False, timing=Timing.LONG)


def catching_up(log: ChangeLog) -> Batches:
    """The same for the executor."""
    return Batches(
        table=log.source.root,
        relation=log.name,
        statements=tuple(_replayed(log, WITHIN)),
        settings=FEW_KEYS,
        left=_left(log),
        enough=_SHORT,
        alone=True,
    )


def replay(log: ChangeLog) -> Statement:
    """Replay what is there, once."""
    block = sql(
        "DO $migplan$\n#variable_conflict use_column\nBEGIN\n{settings}{replay}END\n$migplan$",
        settings=settings_of(FEW_KEYS),
        replay=join("", (sql("    {};\n", s) for s in _replayed(log, Sql("true"))[:2])),
    )
    return Statement(block, LockMode.ACCESS_SHARE)


def _left(log: ChangeLog) -> Sql:
    return sql("SELECT count(*) FROM {}", log.name)


def _replayed(log: ChangeLog, within: Sql) -> list[Sql]:
    """What the log says ``within`` is done; keys that are checked late as well."""
    names = [Sql(f"k{n}") for n in range(1, len(log.key) + 1)]
    in_copy = join(
        " AND ",
        (sql("t.{} = {}", ident(c.name), log.as_in_copy(c, sql("k.{}", n))) for c, n in log.named(names)),
    )
    in_source = join(" AND ", (sql("s.{} = k.{}", ident(c.name), n) for c, n in log.named(names)))
    counterpart = join(
        " AND ",
        (sql("{} = t.{}", log.as_in_copy(c, sql("s.{}", ident(c.name))), ident(c.name)) for c in log.key),
    )
    olds, news = (
        join(", ", (sql("{} AS {}", m, n) for m, n in zip(marks, names, strict=True))) for marks in (log.olds, log.news)
    )
    truncated = sql(
        "WITH cleared AS (DELETE FROM {log} WHERE op = 'T' AND {within} RETURNING 1)"
        " DELETE FROM {copy} AS t WHERE EXISTS (SELECT FROM cleared)"
        " AND NOT EXISTS (SELECT FROM {source} AS s WHERE {counterpart})",
        log=log.name,
        within=within,
        copy=log.copy.aside,
        source=log.source.live,
        counterpart=counterpart,
    )
    changed = sql(
        "WITH taken AS (DELETE FROM {log} WHERE op <> 'T' AND {within} RETURNING *),"
        " keys AS MATERIALIZED (SELECT {olds} FROM taken WHERE op <> 'I'"
        " UNION SELECT {news} FROM taken WHERE op <> 'D'),"
        " gone AS (DELETE FROM {copy} AS t USING keys AS k WHERE {in_copy} RETURNING 1)"
        " INSERT INTO {copy} ({columns}){overriding} SELECT {values}"
        " FROM (SELECT s.* FROM {source} AS s, keys AS k WHERE {in_source}) AS r"
        " WHERE (SELECT count(*) FROM gone) >= 0",
        log=log.name,
        within=within,
        olds=olds,
        news=news,
        copy=log.copy.aside,
        in_copy=in_copy,
        columns=log.names,
        overriding=log.overriding,
        values=log.values,
        source=log.source.live,
        in_source=in_source,
    )
    return [truncated, changed, Sql("SET CONSTRAINTS ALL IMMEDIATE")]
