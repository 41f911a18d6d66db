"""SET NOT NULL without reading the table under an exclusive lock.

PostgreSQL skips its own scan when a valid CHECK (c IS NOT NULL) proves it (manual: ALTER TABLE, SET NOT NULL); from 18
on, a NOT NULL constraint can itself be NOT VALID first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, sql
from migplan.core.steps import After, Assertion, Down, LockMode, Name, Phase, Statement, Step, Timing, step_id
from migplan.kinds._descendants import descendants
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, Constraint
from migplan.kinds.default import Default
from migplan.kinds.kept_not_null import drop_not_null
from migplan.kinds.names import names_of
from migplan.kinds.not_null import change_not_null, object_name
from migplan.kinds.null_tests import is_not_null, is_null
from migplan.strategies.base import Context, Expansion, Size, Strategy
from migplan.strategies.columns.no_longer_computed import writes_itself
from migplan.strategies.sync.backfill import fill

AX, SUE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE
NAME = "set_not_null"


class SetNotNull(Strategy):
    """Fill what is NULL (a directive, or the default), prove that nothing is, then tighten."""

    name = NAME
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for old, new, fields in context.altered(Column):
            if "not_null" not in fields or old.not_null is not None or new.not_null is None:
                continue
            if new.id in context.rebuilds.items or new.relation.kind != "table":
                continue
            if "identity" in fields and new.id not in context.replaced:
                continue
            if context.settings.offline and context.empty(new.relation):
                continue
            if new.generated is not None or (old.generated is not None and not _writable_first(context, old, new)):
                continue
            if old.generated is not None:
                yield Expansion(tuple(_no_longer_computed(context, new)), fields={new.id: frozenset({"not_null"})})
                continue
            sentence = None if context.settings.offline else f"writes no NULL to {new.id}"
            fills = fill_steps(context, new, sentence)
            after = tuple(After(s.id, "no row may be NULL") for s in fills)
            steps = [*fills, *tighten_steps(context, new, sentence, after)]
            if new.id in context.replaced or "type" in fields:
                steps = [_in_its_type(step, new.id) for step in steps]
            last = After(steps[-1].id, f"{new.id} is NOT NULL by then")
            behind = dict.fromkeys(_primary_keys(context, new), last)
            yield Expansion(tuple(steps), fields={new.id: frozenset({"not_null"})}, behind=behind)


def _primary_keys(context: Context, column: Column) -> Iterable[ObjectId]:
    """Those that come over the column, or over that of a table below: they would make it NOT NULL by themselves."""
    tables = {column.relation, *descendants(column.relation, context.after)}
    keys = (c for c in context.created(Constraint) if c.type == PRIMARY_KEY and column.name in c.columns)
    return (key.id for key in keys if key.relation in tables)


def _writable_first(context: Context, old: Column, new: Column) -> bool:
    """Whether a computed column becomes a plain one in place, under applications that can't write it yet."""
    return not (
        old.virtual
        or context.settings.offline
        or new.id in context.replaced
        or new.id in context.online
        or new.relation in context.rebuilds.items
    )


def _no_longer_computed(context: Context, column: Column) -> list[Step]:
    """Nobody can write the column before it is a plain one, and everybody must once it is NOT NULL: a checkpoint lies
    in between."""
    plain = After(
        step_id("alter", column.id), "it can be written from then on", deploy=True, contract=writes_itself(column)
    )
    fills = [replace(step, after=(plain,)) for step in fill_steps(context, column, None)]
    after = (plain, *(After(s.id, "no row may be NULL") for s in fills))
    return [_in_its_type(step, column.id) for step in (*fills, *tighten_steps(context, column, None, after))]


def _in_its_type(step: Step, column: ObjectId) -> Step:
    """The step behind the change of the column's type, or the swap that brings it in: values are of that by then."""
    own = frozenset({column})
    return replace(
        step,
        phase=Phase.CONTRACT,
        uses=step.uses | own,
        releases=step.releases - own,
        creates=step.creates - own,
        destroys=step.destroys - own,
    )


def fill_steps(context: Context, column: Column, sentence: str | None) -> list[Step]:
    """A backfill of what is NULL, where a directive or the column's default says what with."""
    expression = fill_expression(context, column)
    if expression is None:
        return []
    name = ident(column.name)
    filled = fill(context, column.relation, [(column.name, expression)], is_null(name, column))
    if not filled.statements:
        return []
    return [
        Step(
            id=step_id("fill", column.id),
            title=f"fill the NULLs of {column.id}",
            object=column.id,
            strategy=NAME,
            phase=Phase.MIGRATE,
            why=f"{filled.manner}; the application goes on",
            up=filled.statements,
            down=Down(()),
            releases=frozenset({column.id}),
            deploy=sentence,
            backfill=filled.backfill,
            notes=("the way back leaves the filled values in place",),
        )
    ]


def fill_expression(context: Context, column: Column) -> Sql | None:
    """What existing rows get: the directive's expression, else the declared default."""
    directive = context.directive(column, "backfill")
    if directive is not None:
        return deparsed(directive)
    default = context.after.get(ObjectId("default", column.id.path), Default)
    return deparsed(default.expression) if default is not None else None


def tighten_steps(context: Context, column: Column, sentence: str | None, after: tuple[After, ...]) -> list[Step]:
    """The steps from "no row is NULL" to NOT NULL; ``after`` are the steps that see to it."""
    if context.size(column.relation) is not Size.LARGE:
        return [_direct(context, column, sentence, after)]
    if context.after.major >= 18:
        return _not_valid_first(context, column, sentence, after)
    return _check_first(context, column, sentence, after)


def nulls(column: Column) -> Assertion:
    """Counts the rows that stand in the way."""
    table, name = ident(*column.relation.path), ident(column.name)
    count = sql("SELECT count(*) FROM {} WHERE {}", table, is_null(name, column))
    return Assertion(count, f"{column.id} holds NULLs")


def _nullable(column: Column) -> Column:
    return replace(column, not_null=None)


def _name(column: Column) -> frozenset[Name]:
    """That of the constraint, from 18 on."""
    return names_of(column) - names_of(_nullable(column))


def _direct(context: Context, column: Column, sentence: str | None, after: tuple[After, ...]) -> Step:
    return _last(
        context,
        column,
        "set NOT NULL on",
        tuple(change_not_null(_nullable(column), column)),
        sentence,
        after,
        (nulls(column),),
    )


def _last(
    context: Context,
    column: Column,
    verb: str,
    up: tuple[Statement, ...],
    sentence: str | None,
    after: tuple[After, ...],
    asserts: tuple[Assertion, ...] = (),
) -> Step:
    """The step that makes the column what is declared."""
    return Step(
        id=step_id("tighten", column.id),
        title=f"{verb} {column.id}",
        object=column.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="no row is NULL any more, and the application writes none",
        up=up,
        down=Down(tuple(drop_not_null(column, context.after, context.before))),
        creates=frozenset({column.id, finished_not_null(column)}),
        destroys=frozenset({column.id}),
        takes=_name(column),
        deploy=sentence,
        after=after,
        asserts=asserts,
    )


def _not_valid_first(context: Context, column: Column, sentence: str | None, after: tuple[After, ...]) -> list[Step]:
    assert column.not_null is not None
    loose = replace(column, not_null=replace(column.not_null, valid=False))
    add = Step(
        id=step_id("guard", column.id),
        title=f"refuse new NULLs in {column.id}",
        object=column.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="NOT VALID: existing rows are not read",
        up=tuple(replace(s, scan=False) for s in change_not_null(_nullable(column), loose)),
        down=Down(tuple(drop_not_null(column, context.after, context.before))),
        uses=frozenset({column.id}),
        takes=_name(column),
        deploy=sentence,
        after=after,
        asserts=(nulls(column),),
    )
    validate = Step(
        id=step_id("tighten", column.id),
        title=f"validate NOT NULL on {column.id}",
        object=column.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="reads the table under a lock that only DDL and vacuum feel",
        up=tuple(change_not_null(loose, column)),
        down=Down(()),
        after=(After(add.id, "validates it"),),
        creates=frozenset({finished_not_null(column)}),
    )
    return [add, validate]


def finished_not_null(column: Column) -> ObjectId:
    """What exists once a column is NOT NULL."""
    return ObjectId("not_null", column.id.path)


@record
class CheckFirst:
    """The check that spares SET NOT NULL its scan: added without reading a row, validated, dropped."""

    add: Statement
    validate: Statement
    drop: Statement


def check_first(column: Column) -> CheckFirst:
    """The check of that column, under a temporary name."""
    table, name = ident(*column.relation.path), ident(column.name)
    check = ident(object_name("~" + column.id.path[1], column.name, "nn"))
    add = sql("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({}) NOT VALID", table, check, is_not_null(name, column))
    validate = sql("ALTER TABLE {} VALIDATE CONSTRAINT {}", table, check)
    return CheckFirst(
        Statement(add, AX),
        Statement(validate, SUE, scan=True, timing=Timing.LONG),
        Statement(sql("ALTER TABLE {} DROP CONSTRAINT {}", table, check), AX),
    )


def _check_first(context: Context, column: Column, sentence: str | None, after: tuple[After, ...]) -> list[Step]:
    check = check_first(column)
    add = Step(
        id=step_id("guard", column.id),
        title=f"refuse new NULLs in {column.id}",
        object=column.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="NOT VALID: existing rows are not read",
        up=(check.add,),
        down=Down((check.drop,)),
        releases=frozenset({column.id}),
        deploy=sentence,
        after=after,
        asserts=(nulls(column),),
        late=True,
    )
    validate = Step(
        id=step_id("validate", column.id),
        title=f"prove that {column.id} holds no NULL",
        object=column.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="reads the table under a lock that only DDL and vacuum feel",
        up=(check.validate,),
        down=Down(()),
        after=(After(add.id, "validates it"),),
        late=True,
    )
    set_not_null = tuple(replace(s, scan=False) for s in change_not_null(_nullable(column), column))
    last = replace(
        _last(
            context,
            column,
            "set NOT NULL on",
            (*set_not_null, check.drop),
            None,
            (After(validate.id, "the check spares the scan"),),
        ),
        down=Down((check.add, *drop_not_null(column, context.after, context.before))),
    )
    return [add, validate, last]


STRATEGY = SetNotNull()
