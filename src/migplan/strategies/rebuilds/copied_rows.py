"""The rows of a table copied into the one that is built a second time: what SQL says, and what the executor does."""

from __future__ import annotations

from migplan.core.sql import Sql, deparsed, ident, join, literal, sql
from migplan.core.steps import WITHIN, Batches, LockMode, Statement, Timing
from migplan.strategies.rebuilds.change_log import ChangeLog
from migplan.strategies.sync.steered_blocks import UNFILTERED, settings_of, steered


def copy_rows(log: ChangeLog, rows: int) -> Statement:
    """Short transactions along the key, each with its place in the log; whoever runs it again goes on from there.

    A row that a key keeps out was moved or changed meanwhile, or another one has the same in a key that only the copy
    has: it goes into the log, which is replayed until the key takes it. Asking for such rows makes an INSERT take twice
    as long, so that is done for the batches that have one.
    """
    key = [ident(c.name) for c in log.along]
    marks, last = log.marks, [Sql(f"last_{n}") for n in range(1, len(key) + 1)]
    batch = sql(
        "WITH batch AS MATERIALIZED (SELECT s.* FROM {source} AS s%s ORDER BY {key} LIMIT %s),"
        " copied AS (INSERT INTO {copy} ({columns}){overriding} SELECT {values} FROM batch%s)"
        " UPDATE {place} SET {marked} FROM (SELECT {key} FROM batch ORDER BY {descending} LIMIT 1) AS at",
        source=log.source.live,
        key=join(", ", key),
        copy=log.copy.aside,
        columns=log.names,
        overriding=log.overriding,
        values=log.values,
        place=log.place,
        marked=join(", ", (sql("{} = at.{}", m, k) for m, k in zip(marks, key, strict=True))),
        descending=join(", ", (sql("{} DESC", k) for k in key)),
    )
    otherwise = sql(
        " ON CONFLICT DO NOTHING RETURNING {names}), left_out AS ({log} FROM batch AS s"
        " WHERE NOT EXISTS (SELECT FROM copied AS t WHERE {same})",
        names=join(", ", (ident(c.name) for c in log.key)),
        log=_logged(log),
        same=_same(log),
    )
    beyond = sql(" WHERE ({}) > ({})", join(", ", key), join(", ", (Sql(f"${n}") for n in range(1, len(key) + 1))))
    block = sql(
        "DO $migplan$\n#variable_conflict use_column\nDECLARE\n{declared}\n  size integer := {rows};\n"
        "  done bigint;\n  beyond text;\n  began timestamptz;\nBEGIN\n  LOOP\n"
        "    began := clock_timestamp();\n{settings}"
        "    SELECT {marks} INTO {last} FROM {place};\n    EXIT WHEN NOT FOUND;\n"
        "    IF {first} IS NULL AND {started} THEN\n      {empty};\n    END IF;\n"
        "    beyond := CASE WHEN {first} IS NULL THEN '' ELSE {beyond} END;\n    BEGIN\n"
        "      EXECUTE format({batch}, beyond, size, '') USING {last};\n"
        "      GET DIAGNOSTICS done = ROW_COUNT;\n"
        "    EXCEPTION WHEN unique_violation OR exclusion_violation THEN\n"
        "      EXECUTE format({batch}, beyond, size, {otherwise}) USING {last};\n"
        "      GET DIAGNOSTICS done = ROW_COUNT;\n    END;\n"
        "    IF done = 0 THEN\n      DELETE FROM {place};\n    END IF;\n    COMMIT;\n{steered}"
        "  END LOOP;\nEND\n$migplan$",
        declared=join("\n", (sql("  {} {};", v, deparsed(c.type)) for v, c in zip(last, log.along, strict=True))),
        rows=rows,
        settings=settings_of(UNFILTERED),
        marks=join(", ", marks),
        last=join(", ", last),
        place=log.place,
        started=_started(log),
        empty=_empty(log),
        batch=literal(batch.replace("%", "%%").replace("%%s", "%s")),
        first=last[0],
        otherwise=literal(otherwise),
        beyond=literal(beyond),
        steered=steered(100, 50_000),
    )
    return Statement(block, LockMode.ACCESS_SHARE, transactional=False, timing=Timing.LONG)


def copying(log: ChangeLog) -> Batches:
    """The same for the executor."""
    insert = sql(
        "INSERT INTO {} ({}){} SELECT {} FROM {} WHERE {}",
        log.copy.aside,
        log.names,
        log.overriding,
        log.values,
        log.source.live,
        WITHIN,
    )
    left_out = sql(
        "{} FROM {} AS s WHERE {} AND NOT EXISTS (SELECT FROM {} AS t WHERE {})",
        _logged(log),
        log.source.live,
        WITHIN,
        log.copy.aside,
        _same(log),
    )
    return Batches(
        table=log.source.root,
        relation=log.source.live,
        statements=(insert,),
        otherwise=(sql("{} ON CONFLICT DO NOTHING", insert), left_out),
        key=tuple(c.name for c in log.along),
        first=(
            sql("DO $migplan$\nBEGIN\n  IF {} THEN\n    {};\n  END IF;\nEND\n$migplan$", _started(log), _empty(log)),
        ),
        settings=UNFILTERED,
    )


def _logged(log: ChangeLog) -> Sql:
    """What writes rows of the source, called s, into the log."""
    keys = join(", ", (sql("s.{}", ident(c.name)) for c in log.key))
    return sql("INSERT INTO {} (op, {}) SELECT 'I', {}", log.name, join(", ", log.news), keys)


def _same(log: ChangeLog) -> Sql:
    """That t is the copy of s."""
    pairs = ((ident(c.name), log.as_in_copy(c, sql("s.{}", ident(c.name)))) for c in log.key)
    return join(" AND ", (sql("t.{} = {}", name, value) for name, value in pairs))


def _empty(log: ChangeLog) -> Sql:
    """Whoever begins to copy finds nothing that another run, of another runner, has copied before."""
    return sql("TRUNCATE {}", log.copy.aside)


def _started(log: ChangeLog) -> Sql:
    return sql("EXISTS (SELECT FROM {})", log.copy.aside)
