"""Constraints on large tables: NOT VALID, then VALIDATE in a transaction of its own; keys out of concurrent indexes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.core.steps import After, Down, LockMode, Name, Part, Phase, Statement, Step, Timing, step_id
from migplan.kinds.base import option_list
from migplan.kinds.column import Column
from migplan.kinds.constraint import (
    CHECK,
    FOREIGN_KEY,
    PRIMARY_KEY,
    UNIQUE,
    Constraint,
    add_constraint,
    drop_constraint,
    validate_constraint,
)
from migplan.kinds.names import names_of
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Size, Strategy
from migplan.strategies.constraints.offending_rows import duplicates, offenders, offenders_of_new
from migplan.strategies.indexes.attached_back import part_back

SUE, AX = LockMode.SHARE_UPDATE_EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE


class AddConstraint(Strategy):
    """Tightens without reading the table under a lock that an application feels."""

    name = "add_constraint"

    def expand(self, context: Context) -> Iterable[Expansion]:
        for constraint in context.created(Constraint):
            steps = expand_constraint(context, constraint)
            if steps:
                built = steps[0].id == step_id("build", constraint.id)
                single = unique_meanwhile(context, constraint) if built else {}
                single |= _behind_equal_index(context, constraint)
                yield Expansion(tuple(steps), frozenset({constraint.id}), single=single)


def unique_meanwhile(context: Context, key: Constraint) -> dict[str, After]:
    """Keys over the same columns go once the index of a new one is there: at every moment rows are kept apart, and ON
    CONFLICT finds an index. They go before it is a constraint: foreign keys are bound to the older of two. Those with
    foreign keys go in their transaction anyway."""
    if key.type not in (UNIQUE, PRIMARY_KEY):
        return {}
    gone = [
        old
        for old in context.dropped(Constraint)
        if old.type in (UNIQUE, PRIMARY_KEY)
        and (old.relation, set(old.columns)) == (key.relation, set(key.columns))
        and old.id not in context.rebuilds.items
        and not context.before.used_by.get(old.id)
    ]
    build = After(step_id("build", key.id), f"until then it keeps the rows of {key.relation} apart")
    found = {step_id("drop", old.id): build for old in gone}
    if gone:
        found[step_id("create", key.id)] = After(step_id("drop", gone[-1].id), "one of two equal keys at a time")
    return found


def _behind_equal_index(context: Context, key: Constraint) -> dict[str, After]:
    """Foreign keys that stood on a unique index which goes: on the way back it is there again before they are, and the
    key no longer, because PostgreSQL binds them to the older of two."""
    for user in sorted(context.after.used_by.get(key.id, ())):
        if user not in context.rebuilds.items:
            continue
        for gone in sorted(context.before.uses.get(user, ())):
            if gone.kind == "index" and gone not in context.after:
                return {step_id("create", key.id): After(step_id("drop", gone), "foreign keys go over from it")}
    return {}


def expand_constraint(context: Context, constraint: Constraint) -> list[Step]:
    """The careful form, or nothing where the direct one is good enough."""
    table = context.after.get(constraint.relation, Table)
    if table is None or not constraint.enforced:
        return []
    if constraint.type == FOREIGN_KEY and comes_with_rows(context, constraint.relation):
        return _two_steps(context, constraint) if constraint.validated and table.partition_key is None else []
    if context.size(constraint.relation) is not Size.LARGE:
        return []
    if constraint.type in (CHECK, FOREIGN_KEY):
        if constraint.type == FOREIGN_KEY and table.partition_key is not None and context.after.major < 18:
            return []
        return _two_steps(context, constraint) if constraint.validated else []
    if constraint.type not in (UNIQUE, PRIMARY_KEY) or "WITHOUT OVERLAPS" in constraint.definition:
        return []
    if table.partition_key is not None:
        return _on_partitioned(context, constraint)
    if table.partition_of is not None and _makes_not_null(context, constraint):
        return []
    return _from_index(context, constraint)


def comes_with_rows(context: Context, table: ObjectId) -> bool:
    """Whether a partition is new, and its table is built a second time: it isn't empty when it can be used."""
    return table in context.online and table not in context.before


def _makes_not_null(context: Context, key: Constraint) -> bool:
    """From 18 on, USING INDEX makes a partition's inherited NOT NULL its own as well: there is no way back to none."""
    columns = [c for c in context.before.members_of(key.relation, Column) if c.name in key.columns]
    return context.after.major >= 18 and key.type == PRIMARY_KEY and any(c.not_null is None for c in columns)


def _two_steps(context: Context, constraint: Constraint) -> list[Step]:
    with_rows = comes_with_rows(context, constraint.relation)
    sentence = kind_of(constraint.id).create_contract(constraint, context.after if with_rows else context.before)
    found = offenders_of_new(context, constraint) if with_rows else offenders(constraint, context.after)
    part = context.pieces_after.of(constraint.id)[0]
    add = Step(
        id=step_id("create", constraint.id),
        title=f"add {constraint.id}, not validated",
        object=constraint.id,
        strategy=AddConstraint.name,
        phase=Phase.CONTRACT,
        why="new rows are checked from here; existing ones are not read",
        up=(not_valid(constraint), *part.create[1:]),
        down=Down((drop_constraint(constraint),)),
        creates=part.provides,
        uses=part.uses,
        takes=names_of(constraint),
        deploy=sentence,
        asserts=tuple(found),
    )
    validate = Step(
        id=step_id("validate", constraint.id),
        title=f"validate {constraint.id}",
        object=constraint.id,
        strategy=AddConstraint.name,
        phase=Phase.CONTRACT,
        why="reads the table in a transaction of its own, under a lock that only DDL and vacuum feel",
        up=(validate_constraint(constraint),),
        down=Down(()),
        uses=frozenset({constraint.id}),
        after=(After(add.id, "a constraint can be validated once it is there"),),
    )
    return [add, validate]


def not_valid(constraint: Constraint) -> Statement:
    """``ADD CONSTRAINT … NOT VALID``, which reads no row."""
    return replace(add_constraint(replace(constraint, validated=False)), scan=False, timing=Timing.QUICK)


def _from_index(context: Context, constraint: Constraint) -> list[Step]:
    """A unique index built concurrently becomes the constraint's: ADD CONSTRAINT … USING INDEX reads nothing."""
    sentence = kind_of(constraint.id).create_contract(constraint, context.before)
    part, *attachments = context.pieces_after.of(constraint.id)
    index_name = Name("relation", (constraint.id.path[0], constraint.name))
    former = _takes_over_from(context, constraint)
    build = Step(
        id=step_id("build", constraint.id),
        title=f"build the index of {constraint.id} concurrently",
        object=constraint.id,
        strategy=AddConstraint.name,
        phase=Phase.CONTRACT,
        why="reads and writes go on while it is built; from its end duplicates are refused",
        up=(Statement(unique_index(constraint), SUE, scan=True, transactional=False, timing=Timing.LONG),),
        down=Down((drop_index_of(constraint),)),
        uses=part.uses,
        takes=frozenset({index_name}),
        deploy=sentence,
        asserts=(duplicates(constraint, context.after),),
    )
    add = Step(
        id=step_id("create", constraint.id),
        title=f"make it {constraint.id}",
        object=constraint.id,
        strategy=AddConstraint.name,
        phase=Phase.CONTRACT,
        why="the index exists: metadata only",
        up=(Statement(using_index(constraint, constraint.name), AX), *part.create[1:]),
        down=Down((drop_constraint(constraint),)),
        creates=part.provides,
        uses=part.uses,
        takes=names_of(constraint) - {index_name},
        together=former[1] if former else None,
        after=(
            After(build.id, "needs its index"),
            *([After(step_id("drop", former[0].id), "foreign keys go over from it")] if former else []),
        ),
    )
    return [build, add, *_attached(context, constraint, attachments)]


def _takes_over_from(context: Context, key: Constraint) -> tuple[Constraint, str] | None:
    """The key over the same columns that goes, and the transaction in which foreign keys go over from it: on the way
    back the new one must go in that, because PostgreSQL binds a foreign key to the older of two equal keys."""
    equal = {
        old.id: old
        for old in context.dropped(Constraint)
        if old.type in (UNIQUE, PRIMARY_KEY) and old.relation == key.relation and set(old.columns) == set(key.columns)
    }
    for user in sorted(context.after.used_by.get(key.id, ())) if equal else ():
        former = equal.keys() & context.before.uses.get(user, frozenset())
        if former and user in context.rebuilds.items:
            return equal[min(former)], context.rebuilds.items[user].group
    return None


def _on_partitioned(context: Context, constraint: Constraint) -> list[Step]:
    """With ONLY, nothing is built: the partitions' own keys are attached, and with the last of them it is valid."""
    sentence = kind_of(constraint.id).create_contract(constraint, context.before)
    part, *attachments = context.pieces_after.of(constraint.id)
    add = Step(
        id=step_id("create", constraint.id),
        title=f"add {constraint.id} to the partitioned table alone",
        object=constraint.id,
        strategy=AddConstraint.name,
        phase=Phase.CONTRACT,
        why="metadata only: the keys of its partitions are attached to it",
        up=part.create,
        down=Down(part.drop),
        creates=part.provides,
        uses=part.uses,
        takes=names_of(constraint),
        deploy=sentence,
    )
    return [add, *_attached(context, constraint, attachments)]


def _attached(context: Context, constraint: Constraint, parts: Iterable[Part]) -> list[Step]:
    return [
        Step(
            id=step_id("create", constraint.id, number),
            title=f"attach {constraint.id} to {constraint.index_parent}",
            object=constraint.id,
            strategy=AddConstraint.name,
            phase=Phase.CONTRACT,
            why="metadata only: both indexes are there",
            up=part.create,
            down=part_back(context, constraint, part),
            creates=part.provides,
            uses=part.uses,
        )
        for number, part in enumerate(parts, start=1)
    ]


def drop_index_of(constraint: Constraint) -> Statement:
    """Takes back an index that was built for a constraint; with the constraint, it went already."""
    name = ident(constraint.id.path[0], constraint.name)
    return Statement(sql("DROP INDEX CONCURRENTLY IF EXISTS {}", name), SUE, transactional=False)


def unique_index(constraint: Constraint) -> Sql:
    """``CREATE UNIQUE INDEX CONCURRENTLY`` under the constraint's name."""
    columns = join(", ", (ident(c) for c in constraint.columns))
    distinct = Sql(" NULLS NOT DISTINCT" if "NULLS NOT DISTINCT" in constraint.definition else "")
    return sql(
        "CREATE UNIQUE INDEX CONCURRENTLY {} ON {} ({}){}{}{}{}",
        ident(constraint.name),
        ident(*constraint.relation.path),
        columns,
        include_clause(constraint),
        distinct,
        sql(" WITH ({})", option_list(constraint.index_options)) if constraint.index_options else Sql(""),
        sql(" TABLESPACE {}", ident(constraint.index_tablespace)) if constraint.index_tablespace else Sql(""),
    )


def include_clause(constraint: Constraint) -> Sql:
    """``INCLUDE (…)`` as the definition prints it."""
    _, found, rest = constraint.definition.partition(" INCLUDE (")
    return sql(" INCLUDE ({})", deparsed(rest.partition(")")[0])) if found else Sql("")


def using_index(constraint: Constraint, index: str) -> Sql:
    """``ADD CONSTRAINT … USING INDEX``: metadata only; the index takes the constraint's name."""
    kind = Sql("PRIMARY KEY" if constraint.type == PRIMARY_KEY else "UNIQUE")
    deferrable = ""
    for clause in (" DEFERRABLE INITIALLY DEFERRED", " DEFERRABLE"):
        if constraint.definition.endswith(clause):
            deferrable = clause
            break
    return sql(
        "ALTER TABLE {} ADD CONSTRAINT {} {} USING INDEX {}{}",
        ident(*constraint.relation.path),
        ident(constraint.name),
        kind,
        ident(index),
        Sql(deferrable),
    )


STRATEGY = AddConstraint()
