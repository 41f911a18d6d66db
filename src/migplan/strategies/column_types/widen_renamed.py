"""Widening columns that are renamed as well, ahead of their copies.

Their table knows them by their old names then. What has to be made anew with them is written in the new ones, so in
the transaction that makes it the columns are called by those, and nobody sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import deparsed, ident, sql
from migplan.core.sql_names import with_columns_renamed
from migplan.core.steps import Down, LockMode, Phase, Statement, Step, step_id
from migplan.kinds.column import Column
from migplan.kinds.column_clauses import kept_by_no_type
from migplan.kinds.constraint import Constraint
from migplan.strategies.column_types.widen_type import altered_table, validate_again
from migplan.strategies.column_types.widened_first import checks_of
from migplan.strategies.columns.renaming import NAME, Renaming


@record
class Widening:
    """The steps before the copies, in their order; those that come behind them; and the transaction in which others
    make anew what stands on the columns, if any."""

    first: tuple[Step, ...] = ()
    behind: tuple[Step, ...] = ()
    group: str | None = None

    @property
    def brackets(self) -> tuple[str, str] | None:
        """The steps that lend the columns their new names, and take them back."""
        return None if self.group is None else (self.first[0].id, self.first[-1].id)


def widen(renaming: Renaming) -> Widening:
    """The types of ``renaming.widened``."""
    context = renaming.context
    wider = [c for c in renaming.columns if c.id in renaming.widened]
    if not wider:
        return Widening()
    old_names = {c.name: renaming.old_name(c) for c in renaming.columns}
    group = next((g for c in wider if (g := context.rebuilds.groups.get(c.id)) is not None), None)
    checks = [c for c in checks_of(context, (c.id for c in wider)) if c.validated and c.enforced]
    apart = checks if renaming.large else []
    step = _step(renaming, wider, {} if group is not None else old_names, apart, scan=bool(checks) and not apart)
    behind = [validate_again(_called(check, old_names), step) for check in apart]
    if group is None:
        return Widening((step,), tuple(behind))
    lend = _bracket(renaming, group, "lend", {old: new for new, old in old_names.items()})
    take = _bracket(renaming, group, "take", old_names)
    return Widening((lend, replace(step, together=group), take), tuple(behind), group)


def _step(
    renaming: Renaming, wider: Sequence[Column], names: Mapping[str, str], apart: Sequence[Constraint], *, scan: bool
) -> Step:
    table = renaming.table
    was = {old.id: old for old, _, _ in renaming.context.altered(Column)}
    called = ", ".join(map(renaming.old_name, wider))
    own = frozenset(c.id for c in wider)
    awaited = table in renaming.context.renamed_tables or not own.isdisjoint(renaming.context.rebuilds.groups)
    shaped = own if awaited else frozenset[ObjectId]()
    checks = [_called(c, names) for c in apart]
    return Step(
        id=step_id("widen", table) + ":renamed",
        title=f"widen {called} in {table}",
        object=table,
        strategy=NAME,
        phase=Phase.EXPAND,
        why="no row is rewritten, and the copies take what the next version writes",
        up=(*_retyped(table, wider, names, [replace(c, validated=False) for c in checks], scan=scan),),
        down=Down(tuple(_retyped(table, [was[c.id] for c in wider], names, checks, scan=True))),
        creates=shaped,
        destroys=shaped,
        uses=frozenset({table}),
        notes=("the way back stops at values that fit only the wider type",),
    )


def _retyped(
    table: ObjectId, columns: Iterable[Column], names: Mapping[str, str], checks: Sequence[Constraint], *, scan: bool
) -> Iterable[Statement]:
    present = [replace(c, id=table.child("column", names.get(c.name, c.name))) for c in columns]
    clauses = [sql("ALTER COLUMN {} TYPE {}", ident(c.name), deparsed(c.type)) for c in present]
    yield from altered_table(table, clauses, checks, scan=scan)
    for column in present:
        yield from kept_by_no_type(column)


def _called(check: Constraint, names: Mapping[str, str]) -> Constraint:
    """The check, with its columns under those names."""
    return replace(check, definition=with_columns_renamed(check.definition, names))


def _bracket(renaming: Renaming, group: str, verb: str, names: Mapping[str, str]) -> Step:
    head = sql("ALTER TABLE {} RENAME COLUMN", ident(*renaming.table.path))
    there = [sql("{} {} TO {}", head, ident(old), ident(new)) for old, new in names.items()]
    back = [sql("{} {} TO {}", head, ident(new), ident(old)) for old, new in names.items()]
    said = f"let {', '.join(names)} of {renaming.table} be {', '.join(names.values())}"
    return Step(
        id=step_id(verb, renaming.table) + ":renamed",
        title=f"{said} for the rest of this transaction" if verb == "lend" else f"{said} again",
        object=renaming.table,
        strategy=NAME,
        phase=Phase.EXPAND,
        why="what is made anew on the columns says their new names; nobody sees it before the transaction ends",
        up=tuple(Statement(s, LockMode.ACCESS_EXCLUSIVE) for s in there),
        down=Down(tuple(Statement(s, LockMode.ACCESS_EXCLUSIVE) for s in back)),
        uses=frozenset({renaming.table}),
        together=group,
    )
