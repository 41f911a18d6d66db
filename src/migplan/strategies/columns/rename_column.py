"""Renaming a column that an application uses: a copy under the new name, kept in step, until nobody says the old one.

Expand: the copy, with SYNC. Migrate: it is filled and indexed. Checkpoint: the application uses only the new name.
Contract: the copy steps aside and the column itself takes the new name, with everything that stands on it; then the
copy goes. The column never moves: keys, foreign keys, partitioning and statistics stay what they are.

The catalogs that the plan is made from know the column by its new name already; what touches it waits for the swap,
or, a new view, moves from the copy to the column in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.sql import Sql, ident, sql
from migplan.core.steps import After, Down, LockMode, Name, Phase, Statement, Step, step_id
from migplan.kinds._descendants import descendants
from migplan.kinds.attachment import attachment
from migplan.kinds.column import TYPE_KINDS, Column
from migplan.kinds.column_clauses import column_clause
from migplan.kinds.column_domains import refuses_null
from migplan.kinds.default import Default
from migplan.kinds.function import Routine
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.kinds.view import replace_view
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.column_types.widen_renamed import widen
from migplan.strategies.columns.copied_indexes import index_copies
from migplan.strategies.columns.renaming import NAME, Renaming, aside_name
from migplan.strategies.names.routine_bodies import routines_on, words
from migplan.strategies.steps_undone import chain, undone
from migplan.strategies.sync.backfill import fill
from migplan.strategies.sync.sync import (
    Pair,
    create_sync,
    disagreement,
    drop_sync,
    no_default,
    stale_arriving,
    stale_leaving,
)

AX = LockMode.ACCESS_EXCLUSIVE


class RenameColumn(Strategy):
    """Expands ``context.renamed_columns``, one table at a time."""

    name = NAME

    def expand(self, context: Context) -> Iterable[Expansion]:
        for table in sorted({id.parent("table") for id in context.renamed_columns}):
            yield _expand(context, Renaming(context, table))


def _expand(context: Context, renaming: Renaming) -> Expansion:
    rebuild = context.rebuilds.items.get(renaming.table)
    if rebuild is not None and rebuild.whole:
        reason = f"{renaming.table} is made anew, which can't go together with renaming its columns while it is used"
        return Expansion((), blocked=(f"{reason}: two plans",), first=renaming.ids)
    coming, gone = renaming.pairs(swapped=False), renaming.pairs(swapped=True)
    widening = widen(renaming)
    staged = [
        *widening.first,
        _add(context, renaming, coming),
        *widening.behind,
        *_fills(context, renaming, coming),
        *index_copies(context, renaming),
    ]
    compare = [_compare(renaming, coming)] if coming else []
    swap = _swap(renaming, coming, gone)
    first = chain([*staged, *compare, swap])
    made_again = [
        _add(context, renaming, gone, aside=True),
        *_refills(context, renaming, gone),
        *index_copies(context, renaming, aside=True),
    ]
    retired = [undone(s) for s in reversed(made_again)]
    used = {u for id in renaming.ids for u in context.before.uses.get(id, ()) if u.kind in TYPE_KINDS}
    retired[-1] = replace(retired[-1], releases=frozenset(used))
    steps = [*first, *chain(retired, (After(swap.id, "the column must have its name first"),))]
    fills = After(first[len(staged) - 1].id, f"reads the new names of {renaming.table}")
    swapped = After(swap.id, "says the new name")
    return Expansion(
        tuple(steps),
        behind=dict.fromkeys(renaming.ids, swapped) | _going(context, renaming, retired[-1].id),
        early={v.id: fills for v in renaming.views},
        company={id: _group(renaming.table) for id in _routines(context, renaming)},
        fields=dict.fromkeys(renaming.widened, frozenset({"type"})),
        brackets=widening.brackets,
        within=frozenset() if widening.group is None else frozenset({widening.group}),
        single=_retyped_last(context, renaming),
        blocked=tuple(_obstacles(context, renaming)),
    )


def _going(context: Context, renaming: Renaming, retired: str) -> dict[ObjectId, After]:
    """Partitions and children that go or leave: on the way back they must be there before the parent's columns are
    copied once more, for the copies have to reach them. Partitions that come have none, and ATTACH asks for them."""
    after = After(retired, f"it has the copies of {renaming.table} until then")
    below = dict.fromkeys(descendants(renaming.table, context.before))
    lacking = After(retired, f"it has no copies of {renaming.table}")
    come = [id for id in dict.fromkeys(descendants(renaming.table, context.after)) if _comes(context, id)]
    joining = dict.fromkeys((id for id in come if id in context.before), lacking)
    attached = dict.fromkeys(map(attachment, come), lacking)
    return {id: after for id in below if _leaves(context, id)} | joining | attached


def _comes(context: Context, below: ObjectId) -> bool:
    old, new = context.before.get(below, Table), context.after.get(below, Table)
    return new is not None and new.partition_of is not None and (old is None or old.partition_of != new.partition_of)


def _leaves(context: Context, below: ObjectId) -> bool:
    old, new = context.before.get(below, Table), context.after.get(below, Table)
    return old is not None and (new is None or (new.partition_of, new.inherits) != (old.partition_of, old.inherits))


def _retyped_last(context: Context, renaming: Renaming) -> dict[str, After]:
    """A column gets another type once its copy is gone: on the way back the copy is filled with the former one."""
    gone = After(last_step(renaming.table), "its copy has the former type")
    changed = (new.id for _, new, fields in context.altered(Column) if fields & {"type", "collation"})
    return {step_id("alter", id): gone for id in changed if id in renaming.ids and id not in renaming.widened}


def _obstacles(context: Context, renaming: Renaming) -> Iterable[str]:
    for heir in renaming.heirs:
        if heir.kind != "table":
            yield f"{heir} inherits {renaming.table}: no trigger keeps the columns of both in step"
    for column in renaming.columns:
        if column.generated is not None and not column.virtual and renaming.large:
            yield f"{column.id} is a stored generated column of a large table: a second one would rewrite it"
        if refuses_null(column, context.before) and column.generated is None:
            yield f"{column.id} has a domain that is NOT NULL: no INSERT by the new name alone gets past it"


def _add(context: Context, renaming: Renaming, pairs: Sequence[Pair], *, aside: bool = False) -> Step:
    table = ident(*renaming.table.path)
    copies = [_copy(c, aside_name(c) if aside else c.name) for c in renaming.copied]
    nothing = [no_default(c, context.before) for c in renaming.columns]
    each = zip(renaming.columns, copies, nothing, strict=True)
    adds = [s for column, copy, none in each for s in _add_copy(context, column, copy, none)]
    drops = [Statement(sql("ALTER TABLE {} DROP COLUMN {}", table, ident(c.name)), AX) for c in copies]
    sync = create_sync(renaming.table, pairs, renaming.heirs) if pairs else []
    no_sync = drop_sync(renaming.table, heirs=renaming.heirs) if pairs else []
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


def _add_copy(context: Context, original: Column, copy: Column, none: Default | None) -> list[Statement]:
    table, kind = ident(*copy.relation.path), kind_of(copy.id)
    rewrites = copy.generated is not None and not copy.virtual
    clause = column_clause(copy, none)
    statements = [Statement(sql("ALTER TABLE {} ADD COLUMN {}", table, clause), AX, rewrite=rewrites)]
    if context.settings.grants:
        for each in (copy, *_inherited(context, original, copy.name)):
            statements += kind.grant_statements(each, (), each.grants, each.owner) if each.grants else []
    return statements


def _inherited(context: Context, column: Column, name: str) -> Iterable[Column]:
    """The column in the tables below, as it is called there then: what is granted on each is its own."""
    for below in dict.fromkeys(descendants(column.relation, context.before)):
        found = context.before.get(below.child("column", column.name), Column)
        if found is not None:
            yield _copy(found, name)


def _fills(context: Context, renaming: Renaming, pairs: Sequence[Pair]) -> list[Step]:
    assignments = [(p.arriving, p.up) for p in pairs]
    return _fill(context, renaming, assignments, stale_arriving(pairs)) if pairs else []


def _refills(context: Context, renaming: Renaming, pairs: Sequence[Pair]) -> list[Step]:
    assignments = [(p.leaving, p.down) for p in pairs]
    return _fill(context, renaming, assignments, stale_leaving(pairs), ":aside") if pairs else []


def _fill(
    context: Context, renaming: Renaming, assignments: list[tuple[str, Sql]], where: Sql, mark: str = ""
) -> list[Step]:
    now = {} if mark else {c.name: renaming.old_name(c) for c in renaming.columns}
    filled = fill(context, renaming.table, assignments, where, key_names=now, heirs=renaming.heirs)
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


def _compare(renaming: Renaming, pairs: Sequence[Pair]) -> Step:
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


def _sentence(renaming: Renaming) -> str:
    names = ", ".join(f"{c.name} instead of {renaming.old_name(c)}" for c in renaming.columns)
    return f"says {names} in {renaming.table}"


def _swap(renaming: Renaming, coming: Sequence[Pair], gone: Sequence[Pair]) -> Step:
    table = renaming.table
    names = [(c.name, renaming.old_name(c), aside_name(c)) for c in renaming.columns]
    there = [s for new, old, aside in names for s in _renames(table, (new, aside), (old, new))]
    back = [s for new, old, aside in names for s in _renames(table, (new, old), (aside, new))]
    along = [name for id, name in renaming.context.renamed_not_nulls.items() if id in renaming.ids]
    there, back = [*there, *(name.there for name in along)], [*(name.back for name in along), *back]
    rebound = [replace_view(view) for view in renaming.views]
    return Step(
        id=step_id("rename-columns", table),
        title=f"rename {', '.join(f'{renaming.old_name(c)} to {c.name}' for c in renaming.columns)} in {table}",
        object=table,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="metadata only; everything that stands on the column comes along",
        up=(*_with_sync(renaming, gone, there), *rebound),
        down=Down((*_with_sync(renaming, coming, back), *rebound)),
        together=_group(table),
        deploy=_sentence(renaming),
    )


def _group(table: ObjectId) -> str:
    return f"rename columns of {table}"


def _routines(context: Context, renaming: Renaming) -> Iterable[ObjectId]:
    """Functions whose body goes from the old names to the new ones: a trigger's must do so when the columns do."""
    names = {name for c in renaming.columns for name in (c.name, renaming.old_name(c))}
    called = frozenset[ObjectId]().union(*(routines_on(each, context.before) for each in renaming.family))
    tables = {each.path[1] for each in renaming.family}
    for old, new, _ in context.altered(Routine):
        said = words(old.reads_body) ^ words(new.reads_body)
        if said & names and (old.id in called or tables & words(new.reads_body)):
            yield new.id


def last_step(table: ObjectId) -> str:
    """The id of the step behind which nothing is left of a table's renames."""
    return f"retire:{step_id('copy', table)}:aside"


def _with_sync(renaming: Renaming, pairs: Sequence[Pair], renames: list[Statement]) -> list[Statement]:
    if not pairs:
        return renames
    table, heirs = renaming.table, renaming.heirs
    return [*drop_sync(table, heirs=heirs), *renames, *create_sync(table, pairs, heirs)]


def _renames(table: ObjectId, *pairs: tuple[str, str]) -> list[Statement]:
    head = sql("ALTER TABLE {} RENAME COLUMN", ident(*table.path))
    return [Statement(sql("{} {} TO {}", head, ident(name), ident(to)), AX) for name, to in pairs]


STRATEGY = RenameColumn()
