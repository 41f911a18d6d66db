"""``backup = "table"``: what a drop would lose is kept in the schema ``migplan``, and the way back brings it back.

A column's values are copied with the key of their rows. A table is moved as it is where it can be: instant, and nothing
is copied; else its rows are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.core.steps import WITHIN, Backfill, Batches, Down, LockMode, Phase, Statement, Step, Timing, step_id
from migplan.kinds.column import TYPE_KINDS, Column
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.relations.lasting_key import LastingKey, lasting_key
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
            key = lasting_key(context, column.relation)
            if key is not None:
                yield Expansion((_keep(context, column, key),))
            else:
                reason = f"{column.relation} has no key that stays: the values of {column.id} can't be backed up"
                yield Expansion((), blocked=(reason,))


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
    return lasting_key(context, obj.relation) is not None


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
    told = join(", ", (_named(context, c) if _is_text(context, c) else ident(c.name) for c in key))
    copy = sql("CREATE TABLE {} AS SELECT {}, {} FROM {}", backup, told, _named(context, column), table)
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
        down=Down((*restored.statements, Statement(sql("DROP TABLE {}", backup)), DROP_EMPTY_SCHEMA)),
        undo_batches=again,
        uses=found.made,
        destroys=frozenset({column.id}),
        releases=frozenset({column.id, *_lasting(context, key), *_gone_types(context, key)}),
        deploy=sentence,
        notes=(f"drop {backup} once nobody wants to go back",),
    )


def _lasting(context: Context, key: Iterable[Column]) -> Iterable[ObjectId]:
    """Of the columns that tell rows apart, those that are to be read before they change; where another one takes over
    under the same name, rows are told apart by either, before it does and after."""
    return (c.id for c in key if c.id not in context.replaced)


def _gone_types(context: Context, key: Iterable[Column]) -> Iterable[ObjectId]:
    """Dropped types of the key, by which the rows are found on the way back."""
    used = (id for c in key for id in context.before.uses.get(c.id, ()))
    return (id for id in used if id.kind in TYPE_KINDS and id not in context.after)


def kept_value(context: Context, column: Column) -> Sql:
    """The value as it is, as text where its type is one of the schema's own: that may go as well, in this plan or in a
    later one, or another may take its place."""
    own = _is_text(context, column)
    return sql('{}::text COLLATE "default"', ident(column.name)) if own else ident(column.name)


def _named(context: Context, column: Column) -> Sql:
    return sql("{} AS {}", kept_value(context, column), ident(column.name))


def _is_text(context: Context, column: Column) -> bool:
    return any(id.kind in TYPE_KINDS or id not in context.after for id in context.before.uses.get(column.id, ()))


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
    return sql("kept.{} = {}", ident(column.name), sql("{}::text", said) if _is_text(context, column) else said)


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
