"""Renaming a column that an application uses: a copy under the new name, kept in step, until nobody says the old one.

Expand: the copy, with SYNC. Migrate: it is filled and indexed. Checkpoint: the application uses only the new name.
Contract: the copy steps aside and the column itself takes the new name, with everything that stands on it; then the
copy goes. The column never moves: keys, foreign keys, partitioning and statistics stay what they are.

The catalogs that the plan is made from know the column by its new name already; what touches it waits for the swap,
or, a new view, moves from the copy to the column in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from migplan.core.changes import Create
from migplan.core.ids import ObjectId
from migplan.core.sql import Sql, ident, join, sql
from migplan.core.sql_names import with_columns_renamed
from migplan.core.steps import After, Down, LockMode, Name, Phase, Statement, Step, step_id, temporary_name
from migplan.kinds.column import Column
from migplan.kinds.column_clauses import column_clause
from migplan.kinds.column_domains import beneath_domain, refuses_null
from migplan.kinds.constraint import PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.default import Default
from migplan.kinds.function import Routine
from migplan.kinds.index import Index, create_index, drop_index
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.kinds.view import View, replace_view
from migplan.strategies.add_constraint import include_clause
from migplan.strategies.backfill import fill
from migplan.strategies.base import Context, Expansion, Size, Strategy
from migplan.strategies.routine_bodies import routines_on, words
from migplan.strategies.steps_undone import chain, undone
from migplan.strategies.sync import (
    Pair,
    create_sync,
    disagreement,
    drop_sync,
    no_default,
    of_new,
    stale_arriving,
    stale_leaving,
)

AX, SUE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE
NAME = "rename_column"


class RenameColumn(Strategy):
    """Expands ``context.renamed_columns``, one table at a time."""

    name = NAME

    def expand(self, context: Context) -> Iterable[Expansion]:
        for table in sorted({id.parent("table") for id in context.renamed_columns}):
            yield _expand(context, _Renaming(context, table))


@dataclass(frozen=True)
class _Renaming:
    """The renamed columns of one table, as the catalogs know them: under their new names."""

    context: Context
    table: ObjectId

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        found = (
            self.context.before[id] for id in sorted(self.context.renamed_columns) if id.path[:2] == self.table.path
        )
        return tuple(c for c in found if isinstance(c, Column))

    @cached_property
    def kept_in_step(self) -> tuple[Column, ...]:
        """Generated columns compute their copy themselves."""
        return tuple(c for c in self.columns if c.generated is None)

    @property
    def copied(self) -> Iterable[Column]:
        """The copies' types: a domain's checks would have PostgreSQL write the table anew, and the column itself makes
        them. Views keep the types of their columns when they go over."""
        seen = {used for v in self.views for used in self.context.after.uses[v.id]}
        return (c if c.id in seen else beneath_domain(c, self.context.before) for c in self.columns)

    def old_name(self, column: Column) -> str:
        return self.context.renamed_columns[column.id]

    @property
    def ids(self) -> frozenset[ObjectId]:
        return frozenset(c.id for c in self.columns)

    def pairs(self, *, swapped: bool) -> list[Pair]:
        """Before the swap the old name leaves and the copy bears the new one; after it the copy is what leaves."""
        return [self._pair(c, _aside(c) if swapped else self.old_name(c)) for c in self.kept_in_step]

    def _pair(self, column: Column, leaving: str) -> Pair:
        old, new = ident(leaving), ident(column.name)
        return Pair(leaving, column.name, column.type, column.type, old, new, of_new(leaving), of_new(column.name))

    @cached_property
    def views(self) -> tuple[View, ...]:
        """New views on the columns: the next version of the application may need them before the swap.

        Not those on a column whose type changes behind it.
        """
        created = (c.new for c in self.context.changes.values() if isinstance(c, Create))
        views = (v for v in created if isinstance(v, View) and self.context.after.uses[v.id] & self.ids)
        return tuple(v for v in views if not self.context.after.uses[v.id] & self._retyped)

    @cached_property
    def _retyped(self) -> frozenset[ObjectId]:
        return frozenset(new.id for _, new, fields in self.context.altered(Column) if fields & {"type", "collation"})


def _aside(column: Column) -> str:
    return temporary_name(column.name, "copy")


def _expand(context: Context, renaming: _Renaming) -> Expansion:
    rebuild = context.rebuilds.items.get(renaming.table)
    if rebuild is not None and rebuild.whole:
        reason = f"{renaming.table} is made anew, which can't go together with renaming its columns while it is used"
        return Expansion((), blocked=(f"{reason}: two plans",))
    coming, gone = renaming.pairs(swapped=False), renaming.pairs(swapped=True)
    staged = [_add(context, renaming, coming), *_fills(context, renaming, coming), *_indexes(context, renaming)]
    compare = [_compare(renaming, coming)] if coming else []
    swap = _swap(renaming, coming, gone)
    first = chain([*staged, *compare, swap])
    made_again = [
        _add(context, renaming, gone, aside=True),
        *_refills(context, renaming, gone),
        *_indexes(context, renaming, aside=True),
    ]
    retired = [undone(s) for s in reversed(made_again)]
    steps = [*first, *chain(retired, (After(swap.id, "the column must have its name first"),))]
    fills = After(first[len(staged) - 1].id, f"reads the new names of {renaming.table}")
    swapped = After(swap.id, "says the new name")
    return Expansion(
        tuple(steps),
        behind=dict.fromkeys(renaming.ids, swapped),
        early={v.id: fills for v in renaming.views},
        company={id: _group(renaming.table) for id in _routines(context, renaming)},
        blocked=tuple(_obstacles(context, renaming)),
    )


def _obstacles(context: Context, renaming: _Renaming) -> Iterable[str]:
    heirs = any(renaming.table in t.inherits for t in context.before.of(Table))
    if heirs:
        yield f"{renaming.table} has inheriting tables: renaming its columns while it is used is not supported"
    large = context.size(renaming.table) is Size.LARGE
    for column in renaming.columns:
        if column.generated is not None and not column.virtual and large:
            yield f"{column.id} is a stored generated column of a large table: a second one would rewrite it"
        if refuses_null(column, context.before) and column.generated is None:
            yield f"{column.id} has a domain that is NOT NULL: no INSERT by the new name alone gets past it"


def _add(context: Context, renaming: _Renaming, pairs: Sequence[Pair], *, aside: bool = False) -> Step:
    table = ident(*renaming.table.path)
    copies = [_copy(c, _aside(c) if aside else c.name) for c in renaming.copied]
    nothing = [no_default(c, context.before) for c in renaming.columns]
    adds = [s for copy, none in zip(copies, nothing, strict=True) for s in _add_copy(context, copy, none)]
    drops = [Statement(sql("ALTER TABLE {} DROP COLUMN {}", table, ident(c.name)), AX) for c in copies]
    sync, no_sync = (create_sync(renaming.table, pairs), drop_sync(renaming.table)) if pairs else ([], [])
    names = ", ".join(f"{renaming.old_name(c)} as {c.name}" for c in renaming.columns)
    return Step(
        id=step_id("copy", renaming.table) + (":aside" if aside else ""),
        title=f"copy {renaming.table}: {names}, kept in step by a trigger",
        object=renaming.table,
        strategy=NAME,
        phase=Phase.EXPAND,
        why="the copy and its trigger come in one transaction, so that no write is missed",
        up=(*adds, *sync),
        down=Down((*no_sync, *drops)),
        uses=frozenset({renaming.table}),
        takes=frozenset() if aside else frozenset(Name("column", c.id.path) for c in renaming.columns),
        notes=("sessions with session_replication_role = replica skip the trigger",),
    )


def _copy(column: Column, name: str) -> Column:
    """What an application sees of a column, without what would hinder those that don't write it."""
    return replace(column, id=column.id.parent("table").child("column", name), not_null=None, identity=None)


def _add_copy(context: Context, copy: Column, none: Default | None) -> list[Statement]:
    table, kind = ident(*copy.relation.path), kind_of(copy.id)
    rewrites = copy.generated is not None and not copy.virtual
    clause = column_clause(copy, none)
    statements = [Statement(sql("ALTER TABLE {} ADD COLUMN {}", table, clause), AX, rewrite=rewrites)]
    if context.settings.grants and copy.grants:
        statements += kind.grant_statements(copy, (), copy.grants, copy.owner)
    return statements


def _fills(context: Context, renaming: _Renaming, pairs: Sequence[Pair]) -> list[Step]:
    assignments = [(p.arriving, p.up) for p in pairs]
    return _fill(context, renaming, assignments, stale_arriving(pairs)) if pairs else []


def _refills(context: Context, renaming: _Renaming, pairs: Sequence[Pair]) -> list[Step]:
    assignments = [(p.leaving, p.down) for p in pairs]
    return _fill(context, renaming, assignments, stale_leaving(pairs), ":aside") if pairs else []


def _fill(
    context: Context, renaming: _Renaming, assignments: list[tuple[str, Sql]], where: Sql, mark: str = ""
) -> list[Step]:
    now = {} if mark else {c.name: renaming.old_name(c) for c in renaming.columns}
    filled = fill(context, renaming.table, assignments, where, key_names=now)
    if not filled.statements:
        return []
    return [
        Step(
            id=step_id("fill", renaming.table) + (mark or ":copy"),
            title=f"fill the copies of {renaming.table}",
            object=renaming.table,
            strategy=NAME,
            phase=Phase.MIGRATE,
            why=f"{filled.manner}; what the application writes meanwhile is kept in step",
            up=filled.statements,
            down=Down(()),
            backfill=filled.backfill,
        )
    ]


def _indexes(context: Context, renaming: _Renaming, *, aside: bool = False) -> list[Step]:
    """What queries by the new name, and ON CONFLICT, need: unique indexes in any case, others where a scan hurts."""
    large = context.size(renaming.table) is Size.LARGE
    names = {c.name: _aside(c) for c in renaming.columns} if aside else {}
    mark = ":aside" if aside else ""
    copies = [i for i in _index_copies(context, renaming, names) if large or i.unique]
    if _is_partitioned(context, renaming.table):
        return [s for index in copies for s in _partitioned_index_steps(context, index, mark, concurrently=large)]
    return [_index_step(index, concurrently=large, mark=mark) for index in copies]


def _index_copies(context: Context, renaming: _Renaming, names: Mapping[str, str]) -> Iterable[Index]:
    users = sorted({u for id in renaming.ids for u in context.before.used_by.get(id, frozenset())})
    for user in users:
        found = context.before[user]
        if found.table != renaming.table:
            continue
        if isinstance(found, Index) and found.valid:
            id = ObjectId("index", (found.id.path[0], temporary_name(found.id.path[1], "copy")))
            definition = with_columns_renamed(found.definition, names)
            yield replace(found, id=id, definition=definition, clustered=False, partitioned=False, statistics=())
        elif (
            isinstance(found, Constraint)
            and found.type in (PRIMARY_KEY, UNIQUE)
            and "WITHOUT OVERLAPS" not in found.definition
        ):
            yield _index_of_key(found, temporary_name(found.name, "copy"), names)


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
        for partition in context.partitions.get(parent.relation, ()):
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


def _compare(renaming: _Renaming, pairs: Sequence[Pair]) -> Step:
    return Step(
        id=step_id("compare", renaming.table) + ":copy",
        title=f"count the rows of {renaming.table} whose old and new columns disagree",
        object=renaming.table,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="the plan stops here if the trigger was circumvented",
        up=(),
        down=Down(()),
        deploy=_sentence(renaming),
        asserts=(disagreement(renaming.table, pairs),),
    )


def _sentence(renaming: _Renaming) -> str:
    names = ", ".join(f"{c.name} instead of {renaming.old_name(c)}" for c in renaming.columns)
    return f"says {names} in {renaming.table}"


def _swap(renaming: _Renaming, coming: Sequence[Pair], gone: Sequence[Pair]) -> Step:
    table = renaming.table
    there = [s for c in renaming.columns for s in _renames(table, (c.name, _aside(c)), (renaming.old_name(c), c.name))]
    back = [s for c in renaming.columns for s in _renames(table, (c.name, renaming.old_name(c)), (_aside(c), c.name))]
    rebound = [replace_view(view) for view in renaming.views]
    return Step(
        id=step_id("rename-columns", table),
        title=f"rename {', '.join(f'{renaming.old_name(c)} to {c.name}' for c in renaming.columns)} in {table}",
        object=table,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="metadata only; everything that stands on the column comes along",
        up=(*_with_sync(table, gone, there), *rebound),
        down=Down((*_with_sync(table, coming, back), *rebound)),
        together=_group(table),
        deploy=_sentence(renaming),
    )


def _group(table: ObjectId) -> str:
    return f"rename columns of {table}"


def _routines(context: Context, renaming: _Renaming) -> Iterable[ObjectId]:
    """Functions whose body goes from the old names to the new ones: a trigger's must do so when the columns do."""
    names = {name for c in renaming.columns for name in (c.name, renaming.old_name(c))}
    called = routines_on(renaming.table, context.before)
    for old, new, _ in context.altered(Routine):
        said = words(old.reads_body) ^ words(new.reads_body)
        if said & names and (old.id in called or renaming.table.path[1] in words(new.reads_body)):
            yield new.id


def last_step(table: ObjectId) -> str:
    """The id of the step behind which nothing is left of a table's renames."""
    return f"retire:{step_id('copy', table)}:aside"


def _with_sync(table: ObjectId, pairs: Sequence[Pair], renames: list[Statement]) -> list[Statement]:
    return [*drop_sync(table), *renames, *create_sync(table, pairs)] if pairs else renames


def _renames(table: ObjectId, *pairs: tuple[str, str]) -> list[Statement]:
    head = sql("ALTER TABLE {} RENAME COLUMN", ident(*table.path))
    return [Statement(sql("{} {} TO {}", head, ident(name), ident(to)), AX) for name, to in pairs]


STRATEGY = RenameColumn()
