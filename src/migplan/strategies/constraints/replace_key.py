"""A primary key or unique constraint of a large table takes the place of another constraint of its name: of a key over
other columns, a check, or a foreign key. Its index is built beforehand.

Then both change in one transaction, in which nothing is read. The way back builds the former index beforehand, too,
and reads the rows of a former check or foreign key afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.sql import ident, sql
from migplan.core.steps import After, Down, LockMode, Phase, Statement, Step, Timing, step_id, temporary_name
from migplan.kinds.constraint import (
    CHECK,
    FOREIGN_KEY,
    PRIMARY_KEY,
    UNIQUE,
    Constraint,
    drop_constraint,
    validate_constraint,
)
from migplan.kinds.names import names_of
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Size, Strategy
from migplan.strategies.columns.dual_written import dual_written_columns
from migplan.strategies.columns.reshaped import reshaped_columns
from migplan.strategies.constraints.add_constraint import not_valid, unique_index, unique_meanwhile, using_index
from migplan.strategies.constraints.offending_rows import duplicates

AX, SUE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE
NAME = "replace_key"
_KEYS, _READ = (UNIQUE, PRIMARY_KEY), (CHECK, FOREIGN_KEY)


class ReplaceKey(Strategy):
    """Keys that are declared otherwise, or under the name of another constraint."""

    name = NAME

    def expand(self, context: Context) -> Iterable[Expansion]:
        for old, new, _ in context.altered(Constraint):
            rebuild = context.rebuilds.items.get(new.id)
            whole = rebuild is not None and rebuild.root and rebuild.whole
            if rebuild is not None and whole and _fit(context, new) and _can_leave(context, old):
                steps = _steps(context, old, new, rebuild.group)
                yield Expansion(tuple(steps), frozenset({new.id}), single=unique_meanwhile(context, new))


def _fit(context: Context, key: Constraint) -> bool:
    table = context.after.get(key.relation, Table)
    if key.type not in _KEYS or "WITHOUT OVERLAPS" in key.definition or context.swapped(key.id):
        return False
    plain = table is not None and table.partition_key is None and table.partition_of is None
    rebuild = context.rebuilds.items.get(key.relation)
    return plain and (rebuild is None or not rebuild.whole) and context.size(key.relation) is Size.LARGE


def _can_leave(context: Context, old: Constraint) -> bool:
    return _fit(context, old) if old.type in _KEYS else old.type in _READ


def _steps(context: Context, old: Constraint, new: Constraint, group: str) -> list[Step]:
    """What both keys stand on stays, and may be altered in place: a column that is widened lets the new one come."""
    sentence = kind_of(new.id).contract(old, new)
    gone, come = context.pieces_before.of(old.id)[0], context.pieces_after.of(new.id)[0]
    leaves = gone.uses - come.uses
    build = _step(
        new,
        "build",
        f"build the index of the new {new.id} concurrently",
        "reads and writes go on while it is built; from its end duplicates are refused",
        up=(_build(new, "new"),),
        down=Down((_drop_index(new, "new"), *_read_again(old))),
        uses=come.uses,
        deploy=sentence,
        asserts=(duplicates(new, context.after),),
    )
    kept = [_kept(old, new, build, leaves)] if _deploys_between(context, old) else []
    drop = _step(
        old,
        "drop",
        f"drop the old {old.id}",
        "metadata only; the new one comes in the same transaction",
        up=gone.drop,
        down=Down((_come_back(old), *gone.create[1:])),
        destroys=gone.provides,
        releases=leaves,
        frees=names_of(old),
        together=group,
        after=tuple(After(s.id, "the new index must be complete") for s in (build, *kept)),
    )
    create = _step(
        new,
        "create",
        f"make the new index {new.id}",
        "the index exists: metadata only",
        up=(Statement(using_index(new, _aside(new, "new")), AX), *come.create[1:]),
        down=Down((drop_constraint(new),)),
        creates=come.provides,
        uses=come.uses,
        takes=names_of(new),
        together=group,
    )
    again = [replace(_again(old, create, leaves), together=group)] if old.type in _KEYS else []
    return [build, *kept, drop, create, *again]


def _deploys_between(context: Context, old: Constraint) -> bool:
    """Whether the old one stays for as long as the application reads its columns, and so in another window."""
    written = dual_written_columns(context)
    if context.settings.dual_write == "application":
        written |= reshaped_columns(context)
    return any(old.relation.child("column", w) in written for w in old.columns)


def _kept(old: Constraint, new: Constraint, build: Step, leaves: frozenset[ObjectId]) -> Step:
    return _step(
        new,
        "keep",
        f"on the way back: build the index of the new {new.id} once more",
        "only the way back does anything: it has lost the index with the key, and the application reads by it",
        up=(),
        down=Down((_drop_index(new, "new"), _build(new, "new"))),
        releases=leaves,
        after=(After(build.id, "the way back ends there"),),
    )


def _again(old: Constraint, create: Step, leaves: frozenset[ObjectId]) -> Step:
    return _step(
        old,
        "again",
        f"on the way back: build the index of the old {old.id}",
        "only the way back does anything: it needs the former index",
        up=(),
        down=Down((_drop_index(old, "old"), _build(old, "old"))),
        releases=leaves,
        after=(After(create.id, "the way back begins here"),),
    )


def _step(key: Constraint, verb: str, title: str, why: str, **fields: object) -> Step:
    step = Step(
        id=step_id(verb, key.id),
        title=title,
        object=key.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why=why,
        up=(),
        down=Down(()),
    )
    return replace(step, **fields)


def _come_back(old: Constraint) -> Statement:
    """What adds the former constraint without reading a row."""
    return Statement(using_index(old, _aside(old, "old")), AX) if old.type in _KEYS else not_valid(old)


def _read_again(old: Constraint) -> tuple[Statement, ...]:
    """What remains to be done of the way back once the former constraint is there."""
    reads = old.type in _READ and old.validated and old.enforced
    return (validate_constraint(old),) if reads else ()


def _aside(key: Constraint, label: str) -> str:
    return temporary_name(key.name, label)


def _build(key: Constraint, label: str) -> Statement:
    aside = replace(key, id=key.relation.child("constraint", _aside(key, label)))
    return Statement(unique_index(aside), SUE, scan=True, transactional=False, timing=Timing.LONG)


def _drop_index(key: Constraint, label: str) -> Statement:
    name = ident(key.id.path[0], _aside(key, label))
    return Statement(sql("DROP INDEX CONCURRENTLY IF EXISTS {}", name), SUE, transactional=False)


STRATEGY = ReplaceKey()
