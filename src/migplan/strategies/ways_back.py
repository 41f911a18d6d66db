"""Ways back that let a large table be used: what a plan loosens comes back NOT VALID and is validated in a transaction
of its own, a key's index is built beforehand.

The steps that exist only for that have an empty up file. Each stands where its main step does, so that it falls into
the same file: a rollback may end at any boundary.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.steps import After, Assertion, Down, LockMode, Statement, Step, Timing
from migplan.kinds.column import Column
from migplan.kinds.constraint import CHECK, FOREIGN_KEY, PRIMARY_KEY, UNIQUE, Constraint, validate_constraint
from migplan.kinds.not_null import change_not_null
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Size
from migplan.strategies.columns.set_not_null import check_first, nulls
from migplan.strategies.constraints.add_constraint import not_valid, unique_index, using_index
from migplan.strategies.constraints.offending_rows import duplicates, offenders

_READS = "only the way back does anything: it reads the table under a lock that only DDL and vacuum feel"

_QUICK = "only the way back does anything: metadata, once what it relies on is proved"


def not_null_back(context: Context, column: Column, step: Step) -> list[Step]:
    """``step``, which lets go of the column's NOT NULL, with what its way back leaves to other transactions."""
    if not isinstance(step.down, Down):
        return [step]
    nullable = replace(column, not_null=None)
    direct = tuple(change_not_null(nullable, column))
    if column.not_null is None or not column.not_null.valid or not _is_felt(context, column.relation):
        return [step]
    if not any(s.scan for s in direct) or not set(direct) <= set(step.down.statements):
        return [step]
    further: list[tuple[str, str, tuple[Statement, ...]]]
    if context.before.major >= 18:
        loose = replace(column, not_null=replace(column.not_null, valid=False))
        guard = tuple(replace(s, scan=False) for s in change_not_null(nullable, loose))
        further = [("validate", f"validate NOT NULL on {column.id}", tuple(change_not_null(loose, column)))]
    else:
        check = check_first(column)
        guard = (check.add,)
        further = [
            ("validate", f"prove that {column.id} holds no NULL", (check.validate,)),
            ("tighten", f"set NOT NULL on {column.id}", (*(replace(s, scan=False) for s in direct), check.drop)),
        ]
    kept = tuple(s for s in step.down.statements if s not in direct)
    if _numbers_again(context, column):  # which PostgreSQL grants to what is NOT NULL and valid only
        further.append(("number", f"let {column.id} number its rows", kept))
        kept = ()
    asserts = step.down.asserts or (nulls(column),)
    main = replace(step, down=replace(step.down, statements=(*guard, *kept), asserts=asserts))
    return _before(main, [_only_back(step, verb, title, back) for verb, title, back in further])


def _numbers_again(context: Context, column: Column) -> bool:
    """Whether the column is an identity that it isn't to be any more."""
    now = context.after.get(column.id, Column)
    return column.identity is not None and (now is None or now.identity is None)


def constraint_back(context: Context, constraint: Constraint, step: Step) -> list[Step]:
    """``step``, which drops the constraint, with what its way back leaves to other transactions."""
    table = context.before.get(constraint.relation, Table)
    stays = constraint.relation in context.after and constraint.relation not in context.rebuilds.items
    if table is None or not stays or not _is_felt(context, constraint.relation) or not constraint.enforced:
        return [step]
    partitioned = table.partition_key is not None
    if constraint.type in (CHECK, FOREIGN_KEY) and constraint.validated:
        if constraint.type == FOREIGN_KEY and partitioned and context.before.major < 18:
            return [step]
        validated = _only_back(step, "validate", f"validate {constraint.id}", (validate_constraint(constraint),))
        return _before(_comes_back(step, not_valid(constraint), offenders(constraint, context.before)), [validated])
    if constraint.type in (UNIQUE, PRIMARY_KEY) and "WITHOUT OVERLAPS" not in constraint.definition:
        return [step] if partitioned or table.partition_of is not None else _key_back(context, constraint, step)
    return [step]


def _key_back(context: Context, key: Constraint, step: Step) -> list[Step]:
    index = Statement(
        unique_index(key), LockMode.SHARE_UPDATE_EXCLUSIVE, scan=True, transactional=False, timing=Timing.LONG
    )
    build = replace(
        _only_back(step, "build", f"build the index of {key.id} concurrently", (index,)),
        why="only the way back does anything: reads and writes go on while the index is built",
        down=Down((index,), asserts=(duplicates(key, context.before),)),
        frees=step.frees,
        after=(*step.after, After(step.id, "the way back needs the index first")),
    )
    made = Statement(using_index(key, key.name), LockMode.ACCESS_EXCLUSIVE)
    return [_comes_back(step, made, ()), build]


def _is_felt(context: Context, table: ObjectId) -> bool:
    offline = context.settings.offline
    return not offline and table.kind == "table" and table in context.before and context.size(table) is Size.LARGE


def _comes_back(step: Step, made: Statement, asserts: Iterable[Assertion]) -> Step:
    """The step whose way back makes the constraint by this statement instead of the direct one."""
    assert isinstance(step.down, Down)
    _, *extras = step.down.statements
    return replace(
        step, down=replace(step.down, statements=(made, *extras), asserts=step.down.asserts or tuple(asserts))
    )


def _only_back(step: Step, verb: str, title: str, statements: tuple[Statement, ...]) -> Step:
    """What only the way back of ``step`` does, in the same place: behind whatever that waits for."""
    reshaped = step.creates & step.destroys
    return Step(
        id=f"again:{verb}:{step.object.kind}:{step.object.name}",
        title=f"on the way back: {title}",
        object=step.object,
        strategy=step.strategy,
        phase=step.phase,
        why=_READS if verb == "validate" else _QUICK,
        up=(),
        down=Down(statements),
        creates=reshaped,
        destroys=reshaped,
        uses=step.uses,
        releases=step.releases,
        after=step.after,
        deploy=step.deploy,
    )


def _before(main: Step, further: Sequence[Step]) -> list[Step]:
    """The main step comes last: on the way back, first."""
    steps = [main]
    for step in further:
        follower = steps[0]
        steps[0] = replace(follower, after=(*follower.after, After(step.id, "the way back needs it first")))
        steps.insert(0, step)
    return steps
