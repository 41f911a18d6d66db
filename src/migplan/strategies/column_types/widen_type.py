"""A type that is widened without rewriting a row: metadata only, and no application has to be ready for it.

A CHECK over the column would be tried on every row again, under the lock. Where the table is large, the same ALTER
TABLE adds it anew, NOT VALID, and it is validated afterwards. The indexes of partitions are built anew, where their
table isn't as a whole, and so are partial ones and those of expressions, where the table is small: a large one gets a
second column. The way back narrows: it stops at a value that has become too long, instead of cutting it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.core.steps import After, Down, LockMode, Phase, Statement, Step, Timing, step_id
from migplan.kinds.column import Column
from migplan.kinds.column_clauses import kept_by_no_type
from migplan.kinds.column_indexes import reads_for_indexes
from migplan.kinds.constraint import Constraint, validate_constraint
from migplan.kinds.named_below import with_room
from migplan.kinds.registry import kind_of
from migplan.kinds.type_changes import keeps_rows
from migplan.strategies.base import Context, Expansion, Size, Strategy
from migplan.strategies.column_types.widened_first import checks_of

NAME: Final = "widen_type"


class WidenType(Strategy):
    """Columns of tables whose rows stay as they are, and whose checks say the same before and after."""

    name = NAME
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for old, new, fields in context.altered(Column):
            if "type" not in fields or "collation" in fields or not _widens(context, old, new):
                continue
            checks = checks_of(context, [new.id])
            if all(context.after.objects.get(c.id) == c for c in checks):
                yield Expansion(tuple(_steps(context, old, new, checks)), fields={new.id: frozenset({"type"})})


def _widens(context: Context, old: Column, new: Column) -> bool:
    plain = new.relation.kind == "table" and not new.inherited and old.generated is None and new.generated is None
    said = new.using is not None or new.reverse is not None
    stays = context.rebuilds.items.get(new.id) is None and new.id not in context.renamed_columns
    free = new.id not in context.online and new.id not in context.replaced
    return plain and stays and not said and keeps_rows(old.type, new.type) and free


def _steps(context: Context, old: Column, new: Column, checks: list[Constraint]) -> Iterable[Step]:
    valid = [c for c in checks if c.validated and c.enforced]
    apart = valid if context.size(new.relation) is Size.LARGE else []
    built = reads_for_indexes(old, context.before)
    uses = context.after.uses.get(new.id, frozenset())
    read = built or (bool(valid) and not apart)
    widened = _altered(new, [replace(c, validated=False) for c in apart], scan=read)
    narrowed = _altered(old, apart, scan=True)
    widen = Step(
        id=step_id("widen", new.id),
        title=f"widen {new.id} from {old.type} to {new.type}",
        object=new.id,
        strategy=NAME,
        phase=Phase.EXPAND,
        why="no row is rewritten, and what the running application writes still fits",
        up=(
            *with_room(old, [*widened], context.before),
            *_kept_below(new, context.before, context.after),
        ),
        down=Down((*with_room(new, [*narrowed], context.after), *_kept_below(old, context.after, context.before))),
        creates=frozenset({new.id}),
        destroys=frozenset({new.id}),
        uses=uses,
        releases=context.before.uses.get(new.id, frozenset()) - uses,
        together=context.rebuilds.groups.get(new.id),
        notes=("the way back stops at values that fit only the wider type",),
    )
    yield widen
    yield from (validate_again(c, widen) for c in apart)


def _altered(column: Column, checks: Iterable[Constraint], *, scan: bool) -> tuple[Statement, ...]:
    """One ALTER TABLE for the column's type and for the checks, which are made anew as they are given here."""
    clause = sql("ALTER COLUMN {} TYPE {}", ident(column.name), deparsed(column.type))
    return (*altered_table(column.relation, [clause], checks, scan=scan), *kept_by_no_type(column))


def _kept_below(column: Column, source: Catalog, target: Catalog) -> Iterable[Statement]:
    """The same of the partitions and heirs that stay."""
    for id in sorted(kind_of(column.id).below(column, target)):
        if id in source and (inner := target.get(id, Column)) is not None:
            yield from kept_by_no_type(inner)


def altered_table(
    table: ObjectId, clauses: list[Sql], checks: Iterable[Constraint], *, scan: bool = False
) -> tuple[Statement, ...]:
    """One ALTER TABLE, with the checks made anew. PostgreSQL makes the drops first, whatever their order."""
    comments: list[Statement] = []
    for check in checks:
        name = ident(check.name)
        clauses = [*clauses, sql("DROP CONSTRAINT {}", name), sql("ADD CONSTRAINT {} {}", name, check.clause)]
        comments += kind_of(check.id).comment_statements(check, check.comment) if check.comment is not None else []
    command = sql("ALTER TABLE {} {}", ident(*table.path), join(", ", clauses))
    timing = Timing.LONG if scan else Timing.QUICK
    return (Statement(command, LockMode.ACCESS_EXCLUSIVE, scan=scan, timing=timing), *comments)


def validate_again(check: Constraint, widen: Step) -> Step:
    """The step that validates a check which ``widen`` has made anew."""
    return Step(
        id=step_id("validate", check.id),
        title=f"validate {check.id} again",
        object=check.id,
        strategy=NAME,
        phase=Phase.MIGRATE,
        why="reads the table in a transaction of its own, under a lock that only DDL and vacuum feel",
        up=(validate_constraint(check),),
        down=Down(altered_table(check.relation, [], [replace(check, validated=False)])),
        uses=frozenset({check.id}),
        after=(After(widen.id, "was added anew with the wider column"),),
    )


STRATEGY = WidenType()
