"""``backup = "table"``: what a drop would lose is kept in the schema ``migplan``, and the way back brings it back.

A column's values are copied with the key of their rows, or with all that stays of rows that have none. A table is moved
as it is where it can be: instant, and nothing is copied; else its rows are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.core.steps import WITHIN, Backfill, Batches, Down, LockMode, Phase, Statement, Step, Timing, step_id
from migplan.kinds._descendants import heirs, parents_of
from migplan.kinds.column import TYPE_KINDS, Column
from migplan.kinds.not_null import change_not_null
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.columns.left_out import in_primary_key, needs_value
from migplan.strategies.relations.kept_values import is_text, kept_values
from migplan.strategies.relations.lasting_key import LastingKey, lasting_key
from migplan.strategies.relations.whole_rows import WholeRows, keep_rows, restore_rows, told_twice, whole_rows
from migplan.strategies.sync.backfill import Fill, fill

NAME: Final = "backup"
SCHEMA: Final = "migplan"
MAKE_SCHEMA: Final = Statement(sql("CREATE SCHEMA IF NOT EXISTS {}", ident(SCHEMA)))
DROP_EMPTY_SCHEMA: Final = Statement(
    Sql(
        "DO $migplan$\nBEGIN\n"
        "  IF NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'migplan'::regnamespace) THEN\n"
        "    DROP SCHEMA migplan;\n  END IF;\nEND\n$migplan$"
    )
)


class Backup(Strategy):
    """Columns that are dropped from tables with rows."""

    name = NAME
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for column in context.dropped(Column):
            if not _wanted(context, column):
                continue
            if column.relation in context.rebuilds.items or not _holds_values(context, column):
                continue
            key = _row_key(context, column.relation)
            if key is not None:
                yield Expansion((_keep(context, column, key),))
            elif column == (gone := _without_key(context, column.relation))[0]:
                yield _keep_rows(context, gone)


def _row_key(context: Context, table: ObjectId) -> LastingKey | None:
    """None as well where tables inherit from it: no key is one of their rows."""
    return None if any(True for _ in heirs(table, context.before)) else lasting_key(context, table)


def _without_key(context: Context, table: ObjectId) -> tuple[Column, ...]:
    """The columns that are kept together, where rows have no key."""
    gone = (c for c in context.dropped(Column) if c.relation == table)
    return tuple(c for c in gone if _wanted(context, c) and _holds_values(context, c))


def _recognised(context: Context, gone: tuple[Column, ...]) -> tuple[WholeRows, ...]:
    return () if told_twice(context, gone[0].relation) else whole_rows(context, gone)


def _wanted(context: Context, column: Column) -> bool:
    """Whether the settings, or a directive beside the table, ask for it."""
    return context.settings.backup == "table" or context.directives.get(column.relation, "backup") is not None


def is_backed_up(context: Context, obj: DbObject) -> bool:
    """Whether the drop of a column loses nothing, because its values are kept with the key of their rows; or that of a
    table, because its rows are."""
    if isinstance(obj, Table):
        asked = context.settings.backup == "table" and obj.partition_key is None
        return asked and not _goes_over(context, obj.id) and not context.empty(obj.id)
    if not isinstance(obj, Column) or not _wanted(context, obj) or not _holds_values(context, obj):
        return False
    if obj not in context.dropped(Column):
        above = (
            context.before.get(t.child("column", obj.name), Column) for t in parents_of(obj.relation, context.before)
        )
        return any(c is not None and is_backed_up(context, c) for c in above)
    if _row_key(context, obj.relation) is not None:
        return True
    return bool(_recognised(context, _without_key(context, obj.relation)))


def _goes_over(context: Context, table: ObjectId) -> bool:
    """Whether its rows are copied, as those of what it is a partition of, and the way back copies them too."""
    if table in context.rebuilds.items:
        return True
    above = getattr(context.before[table], "partition_of", None)
    while above is not None:
        rebuild = context.rebuilds.items.get(above)
        if rebuild is not None and rebuild.whole:
            return True
        above = getattr(context.before[above], "partition_of", None)
    return False


def _holds_values(context: Context, column: Column) -> bool:
    """Whether the drop loses something that an UPDATE can bring back."""
    table = context.after.get(column.relation, Table)
    plain = column.generated is None and column.identity is None
    return table is not None and plain and not context.empty(column.relation)


def backup_name(id: ObjectId) -> str:
    """The backup's name: the object's full one, cut to 63 bytes."""
    return id.name.encode()[:63].decode(errors="ignore")


def _keep(context: Context, column: Column, found: LastingKey) -> Step:
    """Runs right before the drop, behind all that lets go of the column; its way back right after the column's."""
    name, key = backup_name(context.left.get(column.id, column).id), found.columns
    backup, table = ident(SCHEMA, name), ident(*column.relation.path)
    keys = join(", ", (ident(c.name) for c in key))
    copy = sql("CREATE TABLE {} AS SELECT {} FROM {}", backup, kept_values(context, (*key, column)), table)
    sentence = None if context.settings.offline else kind_of(column.id).drop_contract(column)
    restored = _restore(context, column, key, backup)
    again = None if restored.backfill is None else _in_batches(restored.backfill)
    return Step(
        id=step_id("backup", column.id),
        title=f"keep the values of {column.id} in {backup}",
        object=ObjectId("table", (SCHEMA, name)),
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="the way back brings them back",
        up=(
            MAKE_SCHEMA,
            Statement(copy, LockMode.ACCESS_SHARE, scan=True, timing=Timing.LONG),
            Statement(sql("ALTER TABLE {} ADD PRIMARY KEY ({})", backup, keys), timing=Timing.LONG),
        ),
        down=Down(
            (
                *restored.statements,
                *_filled_again(context, (column,)),
                Statement(sql("DROP TABLE {}", backup)),
                DROP_EMPTY_SCHEMA,
            )
        ),
        undo_batches=again,
        uses=found.made,
        destroys=frozenset({column.id}),
        releases=frozenset({column.id, *_lasting(context, key), *_gone_types(context, key)}),
        deploy=sentence,
        notes=(f"drop {backup} once nobody wants to go back",),
    )


def _keep_rows(context: Context, gone: tuple[Column, ...]) -> Expansion:
    """The same for a table without a key: all columns in one step, and so for those that inherit from it."""
    table, named = gone[0].relation, _listed(gone)
    family = _recognised(context, gone)
    if not family:
        reason = (
            f"nothing tells the rows of {table} apart that stays as it is: the values of {named} can't be backed up"
        )
        return Expansion((), blocked=(reason,))
    first = context.left.get(gone[0].id, gone[0]).id
    backups = [ident(SCHEMA, backup_name(rows.table.child("column", first.path[-1]))) for rows in family]
    pairs = list(zip(family, backups, strict=True))
    restored = [s for rows, backup in pairs for s in restore_rows(context, rows, backup)]
    told = [c for rows in family for c in rows.told]
    step = Step(
        id=step_id("backup", gone[0].id),
        title=f"keep the values of {named} in {join(', ', backups)}",
        object=ObjectId("table", (SCHEMA, backup_name(first))),
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="the way back brings them back",
        up=(MAKE_SCHEMA, *(keep_rows(context, rows, backup) for rows, backup in pairs)),
        down=Down((*restored, *_filled_again(context, gone), *_gone_again(*backups))),
        destroys=frozenset(c.id for c in gone),
        releases=frozenset({*(c.id for c in gone), *_lasting(context, told), *_gone_types(context, told)}),
        deploy=None if context.settings.offline else f"neither reads nor writes {named}",
        notes=(f"drop {join(', ', backups)} once nobody wants to go back",),
    )
    return Expansion((step,))


def _filled_again(context: Context, columns: Iterable[Column]) -> Iterable[Statement]:
    """A primary key's columns come back without NOT NULL, and get it with their values."""
    for column in columns:
        if needs_value(context, column) and in_primary_key(context, column):
            yield from change_not_null(replace(column, not_null=None), column)


def _gone_again(*backups: Sql) -> Iterable[Statement]:
    yield from (Statement(sql("DROP TABLE {}", backup)) for backup in backups)
    yield DROP_EMPTY_SCHEMA


def _listed(columns: tuple[Column, ...]) -> str:
    *most, last = [str(c.id) for c in columns]
    return f"{', '.join(most)} and {last}" if most else last


def _lasting(context: Context, key: Iterable[Column]) -> Iterable[ObjectId]:
    """Of the columns that tell rows apart, those that are to be read before they change; where another one takes over
    under the same name, rows are told apart by either, before it does and after."""
    return (c.id for c in key if c.id not in context.replaced)


def _gone_types(context: Context, key: Iterable[Column]) -> Iterable[ObjectId]:
    """Dropped types of the key, by which the rows are found on the way back."""
    used = (id for c in key for id in context.before.uses.get(c.id, ()))
    return (id for id in used if id.kind in TYPE_KINDS and id not in context.after)


def _restore(context: Context, column: Column, key: Iterable[Column], backup: Sql) -> Fill:
    """Rows whose value isn't the kept one: the column's default may have filled them."""
    table, value = ident(*column.relation.path), ident(column.name)
    match = join(" AND ", (_same_key(context, c, table) for c in key))
    taken = sql("(SELECT kept.{}::{} FROM {} kept WHERE {})", value, deparsed(column.type), backup, match)
    stale = sql(
        "EXISTS (SELECT FROM {} kept WHERE {} AND kept.{}::text IS DISTINCT FROM {}.{}::text)",
        backup,
        match,
        value,
        table,
        value,
    )
    return fill(context, column.relation, [(column.name, taken)], stale)


def _same_key(context: Context, column: Column, table: Sql) -> Sql:
    said = sql("{}.{}", table, ident(column.name))
    return sql("kept.{} = {}", ident(column.name), sql("{}::text", said) if is_text(context, column) else said)


def _in_batches(restored: Backfill) -> Batches:
    """The same for the executor: in one pass, since a trigger of the user's may write something else than was kept."""
    table = ident(*restored.table.path)
    values = join(", ", (sql("{} = {}", ident(column), value) for column, value in restored.assignments))
    return Batches(
        table=restored.table,
        relation=table,
        statements=(sql("UPDATE {} SET {} WHERE {} AND ({})", table, values, WITHIN, restored.where),),
        key=restored.key,
        settings=(("migplan.sync", "off"),),
        writes=restored.table,
    )


STRATEGY = Backup()
