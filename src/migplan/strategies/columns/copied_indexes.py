"""Indexes on the copies of renamed columns, as long as both names live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.sql import Sql, ident, join, sql
from migplan.core.sql_names import with_columns_renamed
from migplan.core.steps import Down, LockMode, Phase, Statement, Step, step_id, temporary_name
from migplan.kinds._descendants import descendants, partitions
from migplan.kinds.constraint import PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.index import Index, create_index, drop_index
from migplan.kinds.table import Table
from migplan.strategies.base import Context
from migplan.strategies.columns.renaming import NAME, Renaming, aside_name
from migplan.strategies.constraints.add_constraint import include_clause

AX = LockMode.ACCESS_EXCLUSIVE


def index_copies(context: Context, renaming: Renaming, *, aside: bool = False) -> list[Step]:
    """What queries by the new name, and ON CONFLICT, need: unique indexes in any case, others where a scan hurts."""
    large = renaming.large
    names = {c.name: aside_name(c) for c in renaming.columns} if aside else {}
    mark = ":aside" if aside else ""
    copies = [(i, on) for i, on in _copies(context, renaming, names) if large or i.unique]
    if _is_partitioned(context, renaming.table):
        unique = not _renames_partition_key(context, renaming)
        copies = [(replace(i, unique=i.unique and unique), on) for i, on in copies]
        made = ((_partitioned_index_steps(context, i, mark, concurrently=large), on) for i, on in copies)
    else:
        made = (([_index_step(i, concurrently=large, mark=mark)], on) for i, on in copies)
    return [replace(step, uses=on) for steps, on in made for step in steps]


def _renames_partition_key(context: Context, renaming: Renaming) -> bool:
    """No unique index can stand on the copy of a column of the key: it would have to hold the column itself."""
    below = descendants(renaming.table, context.before)
    tables = (context.before.get(id, Table) for id in (renaming.table, *below))
    keys = {name for table in tables if table is not None for name in table.key_columns}
    return any(c.name in keys for c in renaming.columns)


def _copies(
    context: Context, renaming: Renaming, names: Mapping[str, str]
) -> Iterable[tuple[Index, frozenset[ObjectId]]]:
    """Each with the other columns that it stands on and that go in the same plan, which would take it along. One that
    gets another type may do so while the copy is there, or once it is gone."""
    users = sorted({u for id in renaming.ids for u in context.before.used_by.get(id, frozenset())})
    for user in users:
        found = context.before[user]
        if found.table not in renaming.family:
            continue
        others = frozenset(u for u in context.before.uses[user] if u.kind == "column" and u not in context.after)
        if isinstance(found, Index) and found.valid:
            id = ObjectId("index", (found.id.path[0], temporary_name(found.id.path[1], "copy")))
            definition = with_columns_renamed(found.definition, names)
            copy = replace(found, id=id, definition=definition, clustered=False, partitioned=False, statistics=())
            yield copy, others
        elif (
            isinstance(found, Constraint)
            and found.type in (PRIMARY_KEY, UNIQUE)
            and "WITHOUT OVERLAPS" not in found.definition
        ):
            yield _index_of_key(found, temporary_name(found.name, "copy"), names), others


def _index_of_key(key: Constraint, name: str, names: Mapping[str, str]) -> Index:
    columns = join(", ", (ident(names.get(c, c)) for c in key.columns))
    include = with_columns_renamed(include_clause(key), names)
    distinct = Sql(" NULLS NOT DISTINCT" if "NULLS NOT DISTINCT" in key.definition else "")
    return Index(
        id=ObjectId("index", (key.id.path[0], name)),
        relation=key.relation,
        unique=True,
        definition=sql("USING btree ({}){}{}", columns, include, distinct),
        options=key.index_options,
        tablespace=key.index_tablespace,
    )


def _partitioned_index_steps(context: Context, index: Index, mark: str, *, concurrently: bool) -> Iterable[Step]:
    """On the parent only, then on each partition, and attached. All of them go with the parent's.

    To attach one locks indexes from the parent's down, a query from the partition's up: the table is locked first.
    """
    lock = Statement(sql("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE", ident(*index.relation.path)), AX)
    count, waiting = 0, [replace(index, partitioned=True)]
    yield _index_step(waiting[0], concurrently=False, mark=mark)
    while waiting:
        parent = waiting.pop()
        for partition in partitions(parent.relation, context.before):
            count += 1
            id = ObjectId("index", (partition.path[0], temporary_name(index.id.path[1], f"part{count}")))
            inner = _is_partitioned(context, partition)
            part = replace(index, id=id, relation=partition, partitioned=inner)
            yield replace(_index_step(part, concurrently=concurrently and not inner, mark=mark), down=Down(()))
            attach = sql("ALTER INDEX {} ATTACH PARTITION {}", ident(*parent.id.path), ident(*id.path))
            yield replace(
                _index_step(part, concurrently=False, mark=f":attach{mark}"),
                title=f"attach {id}",
                up=(lock, Statement(attach, AX)),
                down=Down(()),
            )
            if inner:
                waiting.append(part)


def _is_partitioned(context: Context, table: ObjectId) -> bool:
    found = context.before.get(table, Table)
    return found is not None and found.partition_key is not None


def _index_step(index: Index, *, concurrently: bool, mark: str) -> Step:
    return Step(
        id=step_id("build", index.id) + mark,
        title=f"build {index.id} on the copies",
        object=index.id,
        strategy=NAME,
        phase=Phase.MIGRATE,
        why="queries and ON CONFLICT by the new name need it",
        up=(create_index(index, concurrently=concurrently),),
        down=Down((drop_index(index, concurrently=concurrently),)),
    )
