"""Dropped tables that stay for a while: moved aside as they are, which is instant and can be taken back.

``backup = "table"`` leaves them in the schema ``migplan``. ``keep_old`` drops them behind one more checkpoint, when the
application has proved itself without them.
"""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import Final

from migplan.core.changes import Create
from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.sql import ident, sql
from migplan.core.steps import After, Down, LockMode, Part, Phase, Statement, Step, step_id, temporary_name
from migplan.kinds.column import Column
from migplan.kinds.constraint import FOREIGN_KEY, Constraint
from migplan.kinds.default import Default
from migplan.kinds.index import Index
from migplan.kinds.names import names_of
from migplan.kinds.registry import kind_of
from migplan.kinds.sequence import Sequence
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.names.rename import rename_statements, under
from migplan.strategies.relations.backup import DROP_EMPTY_SCHEMA, MAKE_SCHEMA, SCHEMA, backup_name

NAME: Final = "retire_table"
_SHARED: Final = frozenset({"relation", "type"})
AX = LockMode.ACCESS_EXCLUSIVE


class RetireTable(Strategy):
    """Tables with rows that go, where the settings say that they are kept for a while."""

    name = NAME
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for table in context.dropped(Table):
            if not is_retired(context, table.id):
                continue
            members = _members(context, table)
            move = _move(context, table, members)
            keeps = context.settings.backup == "table"
            steps = [move] if keeps else [move, _drop(context, table, members, move)]
            yield Expansion(tuple(steps), frozenset({table.id, *(m.id for m in members)}))


def is_retired(context: Context, id: ObjectId) -> bool:
    """Whether a relation is a dropped table that moves aside, with its keys and indexes."""
    settings, table = context.settings, context.before.get(id, Table)
    if not (settings.backup == "table" or (settings.keep_old and not settings.offline)):
        return False
    if table is None or id in context.after or id in context.rebuilds.items or context.empty(id):
        return False
    return _movable(context, table)


def _movable(context: Context, table: Table) -> bool:
    """Not in a family, and on nothing that goes as well, or goes and comes back: that would still be in use."""
    if table.partition_key or table.partition_of or table.inherits or table.of_type:
        return False
    goes_along = {table.id, *(m.id for m in _members(context, table))}
    parts = [p for id in goes_along for p in context.pieces_before.of(id)]
    provided = goes_along | {id for p in parts for id in p.provides}
    used = {id for p in parts for id in p.uses} - provided
    stays = context.after.objects.keys() - context.rebuilds.items.keys()
    return all(id in stays or id not in context.before for id in used)


def _members(context: Context, table: Table) -> list[DbObject]:
    """What moves with the table: keys, checks, indexes, defaults, and sequences of its columns."""
    found: list[DbObject] = [*context.dropped(Index), *context.dropped(Default)]
    found += [c for c in context.dropped(Constraint) if c.type != FOREIGN_KEY]
    owned = [s for s in context.dropped(Sequence) if s.owned_by is not None and s.owned_by.path[:2] == table.id.path]
    return sorted((*(o for o in found if o.table == table.id), *owned), key=lambda o: o.id)


def _there(table: Table) -> list[Statement]:
    """Under its full name, so that tables of several schemas find room."""
    name = backup_name(table.id)
    own = ident(*table.id.path)
    renamed = ident(table.id.path[0], name)
    return [
        MAKE_SCHEMA,
        Statement(sql("ALTER TABLE {} RENAME TO {}", own, ident(name)), AX),
        Statement(sql("ALTER TABLE {} SET SCHEMA {}", renamed, ident(SCHEMA)), AX),
    ]


def _back(table: Table) -> list[Statement]:
    schema, name = table.id.path
    moved = backup_name(table.id)
    return [
        Statement(sql("ALTER TABLE {} SET SCHEMA {}", ident(SCHEMA, moved), ident(schema)), AX),
        Statement(sql("ALTER TABLE {} RENAME TO {}", ident(schema, moved), ident(name)), AX),
        DROP_EMPTY_SCHEMA,
    ]


def _move(context: Context, table: Table, members: list[DbObject]) -> Step:
    sentence = None if context.settings.offline else kind_of(table.id).drop_contract(table)
    parts = [p for o in (table, *members) for p in context.pieces_before.of(o.id)]
    provided = frozenset(id for p in parts for id in p.provides)
    kept, columns = ident(SCHEMA, backup_name(table.id)), context.before.members_of(table.id, Column)
    return Step(
        id=step_id("retire", table.id),
        title=f"move {table.id} aside, to {kept}",
        object=ObjectId("table", (SCHEMA, backup_name(table.id))),
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="instant, and nothing is lost: the way back moves it back",
        up=tuple(_there(table)),
        down=Down(tuple(_back(table))),
        destroys=provided,
        releases=frozenset(u for p in parts for u in p.uses) - provided,
        frees=frozenset(n for o in (table, *columns, *members) for n in names_of(o)),
        deploy=sentence,
        notes=(f"drop {kept} once nobody wants to go back",) if context.settings.backup == "table" else (),
    )


def _drop(context: Context, table: Table, members: list[DbObject], move: Step) -> Step:
    """Behind the bake; its way back makes the table again as it was, without rows, and moves it aside. Meanwhile what
    bears its names by now makes room."""
    kept = ident(SCHEMA, backup_name(table.id))
    loses = kind_of(table.id).drop_loses(table)
    made = [s for p in _in_order(context, table, members) for s in p.create]
    room, again = _room(context, table, members)
    return Step(
        id=step_id("drop", table.id),
        title=f"drop {kept}, which was {table.id}",
        object=ObjectId("table", (SCHEMA, backup_name(table.id))),
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="the application has proved itself without it",
        up=(Statement(sql("DROP TABLE {}", kept), AX), DROP_EMPTY_SCHEMA),
        down=Down((*room, *made, *_there(table), *again), loses=loses),
        after=(
            After(
                move.id,
                "the table is kept until then",
                deploy=True,
                contract=f"has proved itself without {table.id}: its rows go now",
            ),
        ),
        loses=loses,
    )


def _room(context: Context, table: Table, members: list[DbObject]) -> tuple[list[Statement], list[Statement]]:
    """What renames the new objects that bear these names, and gives them theirs again."""
    names = {n for o in (table, *members) for n in names_of(o) if n.space in _SHARED}
    made = (context.after[c.id] for c in context.all_changes if isinstance(c, Create))
    holders = sorted((o for o in made if not isinstance(o, Column) and names_of(o) & names), key=lambda o: o.id)
    room, again = list[Statement](), list[Statement]()
    for holder in holders:
        moved = ObjectId(holder.id.kind, (*holder.id.path[:-1], temporary_name(holder.id.path[-1], "new")))
        room += rename_statements(holder, moved)
        again += rename_statements(under(holder, moved), holder.id)
    return room, again


def _in_order(context: Context, table: Table, members: list[DbObject]) -> list[Part]:
    """The parts of the table and its members, each after those that it uses."""
    parts = [p for o in (table, *members) for p in context.pieces_before.of(o.id)]
    makers = {id: n for n, part in enumerate(parts) for id in part.provides}
    graph = {n: sorted({makers[u] for u in p.uses if u in makers} - {n}) for n, p in enumerate(parts)}
    return [parts[n] for n in TopologicalSorter(graph).static_order()]


STRATEGY = RetireTable()
