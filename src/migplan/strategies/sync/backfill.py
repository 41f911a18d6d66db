"""Filling columns of existing rows: keyset batches on large tables, one UPDATE on small ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, join, literal, sql
from migplan.core.steps import Backfill, LockMode, Statement, Timing
from migplan.kinds._descendants import partitions
from migplan.kinds.column import Column
from migplan.kinds.row_keys import row_keys
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Size

BATCH = ident("~batch")
"""What the batch is called beside the table, whose name is the user's."""
SYNC_OFF = Sql("set_config('migplan.sync', 'off', true)")


@record
class Fill:
    """The statements of a fill, and the batches that the executor runs instead of the DO block, if any."""

    statements: tuple[Statement, ...]
    backfill: Backfill | None

    @property
    def manner(self) -> str:
        """How the rows are written, in words."""
        if all(s.transactional for s in self.statements):
            return "one UPDATE, because the table is small"
        return "row by row, in short transactions"


def fill(
    context: Context,
    table: ObjectId,
    assignments: Sequence[tuple[str, Sql]],
    where: Sql,
    catalog: Catalog | None = None,
    key_names: Mapping[str, str] | None = None,
    heirs: Sequence[ObjectId] = (),
) -> Fill:
    """Set columns to expressions over the row wherever ``where`` holds. Nothing for a table without rows.

    ``catalog`` tells the table's key, where it isn't the one from before the plan, and ``key_names`` what its columns
    are called at that moment, where otherwise. ``heirs`` are filled as well: one UPDATE reaches them, batches go
    through table after table, because none of their keys is unique in all of them.
    """
    if heirs:
        return _fill_family(context, (table, *heirs), assignments, where, key_names)
    if context.empty(table):
        return Fill((), None)
    if context.size(table) is not Size.LARGE:
        return Fill(tuple(_one_update(table, assignments, where)), None)
    key = key_of(catalog or context.before, table, context.after)
    batches = Backfill(
        table,
        tuple(assignments),
        where,
        tuple((key_names or {}).get(c.name, c.name) for c in key),
        tuple(c.type for c in key),
    )
    leaves = [] if key else _leaves(context, table)
    if leaves:
        blocks = [_page_loop(replace(batches, table=leaf), context.settings.batch_rows) for leaf in leaves]
        return Fill(tuple(_long(block) for block in blocks), None)
    loop = _keyset_loop if key else _page_loop
    block = loop(batches, context.settings.batch_rows)
    return Fill((_long(block),), batches)


def _fill_family(
    context: Context,
    family: Sequence[ObjectId],
    assignments: Sequence[tuple[str, Sql]],
    where: Sql,
    key_names: Mapping[str, str] | None,
) -> Fill:
    filled = [id for id in family if not context.empty(id)]
    if not filled:
        return Fill((), None)
    if all(context.size(id) is not Size.LARGE for id in filled):
        return Fill(tuple(_one_update(family[0], assignments, where)), None)
    blocks: list[Sql] = []
    for id in filled:
        key = key_of(context.before, id, context.after)
        names = tuple((key_names or {}).get(c.name, c.name) for c in key)
        batches = Backfill(id, tuple(assignments), where, names, tuple(c.type for c in key))
        loop = _keyset_loop if key else _page_loop
        blocks.append(loop(batches, context.settings.batch_rows, only=True))
    return Fill(tuple(_long(block) for block in blocks), None)


def _long(block: Sql) -> Statement:
    return Statement(block, LockMode.ROW_EXCLUSIVE, transactional=False, timing=Timing.LONG)


def _leaves(context: Context, table: ObjectId) -> list[ObjectId]:
    """A partitioned table's partitions that hold rows: it has no pages of its own."""
    found: list[ObjectId] = []
    for child in partitions(table, context.before):
        inner = context.before.get(child, Table)
        if inner is not None and inner.partition_key is not None:
            found += _leaves(context, child)
        else:
            found.append(child)
    return found


def key_of(catalog: Catalog, table: ObjectId, declared: Catalog | None = None) -> list[Column]:
    """The columns that batches run along: the primary key, else a unique NOT NULL key, else none (ctid).

    With ``declared`` only a key that stays: one that goes may be gone when the batches run.
    """
    for id, columns in row_keys(table, catalog):
        stays = declared is None or (id in declared and all(c.id in declared for c in columns))
        if id.kind == "constraint" and stays:
            return list(columns)
    return []


def _one_update(table: ObjectId, assignments: Sequence[tuple[str, Sql]], where: Sql) -> list[Statement]:
    command = sql("UPDATE {} SET {} WHERE {}", ident(*table.path), _set_list(assignments), where)
    return [
        Statement(Sql("SET LOCAL migplan.sync = 'off'")),
        Statement(command, LockMode.ROW_EXCLUSIVE, scan=True, timing=Timing.LONG),
        Statement(Sql("SET LOCAL migplan.sync = 'on'")),
    ]


def _set_list(assignments: Sequence[tuple[str, Sql]]) -> Sql:
    return join(", ", (sql("{} = {}", ident(column), expression) for column, expression in assignments))


def _keyset_loop(batches: Backfill, rows: int, *, only: bool = False) -> Sql:
    """A loop of transactions along the key, each steering the next one's size toward half a second.

    The batch calls the key's columns otherwise, so that an expression over the row means the row's.
    """
    names = [ident(c) for c in batches.key]
    marks = [ident(f"~key_{n}") for n in range(1, len(names) + 1)]
    variables = [Sql(f"last_{n}") for n in range(1, len(names) + 1)]
    declared = join("\n", (sql("  {} {};", v, deparsed(t)) for v, t in zip(variables, batches.key_types, strict=True)))
    beyond = sql(" WHERE ({}) > ({})", join(", ", names), join(", ", (Sql(f"${n}") for n in range(1, len(names) + 1))))
    table = ident(*batches.table.path)
    batch = sql(
        "WITH batch AS MATERIALIZED (SELECT {marked} FROM {source}%s ORDER BY {keys} LIMIT %s FOR NO KEY UPDATE),"
        " changed AS (UPDATE {source} SET {assignments} FROM batch {batch} WHERE {match} AND ({where}))"
        " SELECT {marks} FROM batch ORDER BY {descending} LIMIT 1",
        keys=join(", ", names),
        source=_source(table, only=only),
        assignments=_set_list(batches.assignments),
        marked=join(", ", (sql("{} AS {}", n, m) for n, m in zip(names, marks, strict=True))),
        marks=join(", ", marks),
        batch=BATCH,
        match=join(" AND ", (sql("{}.{} = {}.{}", table, n, BATCH, m) for n, m in zip(names, marks, strict=True))),
        where=batches.where,
        descending=join(", ", (sql("{} DESC", m) for m in marks)),
    )
    using = join(", ", variables)
    return sql(
        "DO $migplan$\nDECLARE\n{declared}\n  rows integer := {rows};\n  condition text := '';\n  began timestamptz;\n"
        "BEGIN\n  LOOP\n    began := clock_timestamp();\n    PERFORM {sync_off};\n"
        "    EXECUTE format({batch}, condition, rows) INTO {into} USING {using};\n"
        "    EXIT WHEN {first} IS NULL;\n    COMMIT;\n    condition := {beyond};\n"
        "    rows := greatest(100, least(50000, rows * 0.5\n"
        "      / greatest(0.01, extract(epoch FROM clock_timestamp() - began))))::integer;\n"
        "  END LOOP;\nEND\n$migplan$",
        declared=declared,
        rows=rows,
        sync_off=SYNC_OFF,
        batch=literal(batch.replace("%", "%%").replace("%%s", "%s")),
        into=using,
        using=using,
        first=variables[0],
        beyond=literal(beyond),
    )


def _page_loop(batches: Backfill, rows: int, *, only: bool = False) -> Sql:
    """Without a key, along the table's pages. Rows that move meanwhile were written by the application.

    The expressions stand in the block itself, where a column named like a variable would be ambiguous.
    """
    table = ident(*batches.table.path)
    return sql(
        "DO $migplan$\nDECLARE\n  {page} bigint := 0;\n  {size} integer := 500;\n  {pages} bigint;\nBEGIN\n"
        "  {pages} := pg_relation_size({name}::regclass) / current_setting('block_size')::bigint;\n"
        "  WHILE {page} <= {pages} LOOP\n    PERFORM {sync_off};\n"
        "    UPDATE {source} SET {assignments}\n"
        "     WHERE ctid >= format('(%s,0)', {page})::tid AND ctid < format('(%s,0)', {page} + {size})::tid\n"
        "       AND ({where});\n"
        "    COMMIT;\n    {page} := {page} + {size};\n  END LOOP;\nEND\n$migplan$",
        page=ident("~page"),
        pages=ident("~pages"),
        size=ident("~size"),
        name=literal(table),
        sync_off=SYNC_OFF,
        source=_source(table, only=only),
        assignments=_set_list(batches.assignments),
        where=batches.where,
    )


def _source(table: Sql, *, only: bool) -> Sql:
    return sql("ONLY {}", table) if only else table
