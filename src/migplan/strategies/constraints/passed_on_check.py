"""A partition's own check that its parent gets as well, or no longer has.

PostgreSQL makes both one and forgets that the partition had its own: the parent's takes it along when it goes. So on
that way, forwards or back, it is made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import After, Down, Phase, Statement, Step, step_id
from migplan.kinds.constraint import CHECK, Constraint, add_constraint, drop_constraint, validate_constraint
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Size, Strategy
from migplan.strategies.constraints.add_constraint import not_valid
from migplan.strategies.ways_back import constraint_back


class PassedOnCheck(Strategy):
    """Checks that a partition has with its parent's and without them, made again when the parent's goes."""

    name = "passed_on_check"
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for own, root in _pairs(context, context.before, context.after):
            keep = _kept(context, own, root)
            yield Expansion(tuple(keep), behind={root: After(keep[-1].id, f"takes {own.id} along on the way back")})
        for own, root in _pairs(context, context.after, context.before):
            if own.id in context.rebuilds.items:
                continue
            yield Expansion(tuple(_made_again(context, own, root)))


def _pairs(context: Context, alone: Catalog, together: Catalog) -> Iterator[tuple[Constraint, ObjectId]]:
    """The checks that are the partition's own on one side, and on the other come from one that only that has."""
    for own in alone.of(Constraint):
        other = together.get(own.id, Constraint)
        if own.type != CHECK or own.inherited or other is None or not other.inherited:
            continue
        root = _root(other, together)
        if root is not None and root not in alone and root in context.changes and own.id not in context.changes:
            yield own, root


def _root(check: Constraint, catalog: Catalog) -> ObjectId | None:
    """The uppermost of those that a partition's check comes from."""
    table = catalog.get(check.relation, Table)
    if table is None or table.partition_of is None:
        return None
    above = catalog.get(table.partition_of.child("constraint", check.name), Constraint)
    if above is None:
        return None
    return _root(above, catalog) if above.inherited else above.id


def _kept(context: Context, own: Constraint, root: ObjectId) -> list[Step]:
    sentence = kind_of(root).create_contract(context.after[root], context.before)
    sentence = None if context.settings.offline else sentence
    anew = own.id in context.rebuilds.items
    step = Step(
        id=step_id("keep", own.id),
        title=f"{own.id} is about to become one with {root}",
        object=own.id,
        strategy=PassedOnCheck.name,
        phase=Phase.EXPAND if sentence is None else Phase.CONTRACT,
        why="only the way back does anything: dropping the parent's check drops this one too",
        up=(),
        down=Down((add_constraint(own), *context.pieces_before.attributes(own.id))),
        creates=frozenset() if anew else frozenset({own.id}),
        uses=frozenset({own.id}) if anew else frozenset(),
        deploy=sentence,
    )
    return constraint_back(context, own, step)


def _made_again(context: Context, own: Constraint, root: ObjectId) -> list[Step]:
    """On the way back the parent's becomes one with it, so there is nothing to drop, unless it stands on what is made
    anew."""
    large = context.size(own.relation) is Size.LARGE and own.validated and own.enforced
    gone = After(step_id("drop", root), "dropping the parent's check drops this one too")
    add = not_valid(own) if large and not context.settings.offline else add_constraint(own)
    described = context.pieces_after.attributes(own.id)
    first = _again(context, "add", own, (add, *described), gone)
    if first.uses & context.changes.keys() or not first.uses <= context.before.objects.keys():
        first = replace(first, down=Down((drop_constraint(own),)))
    steps = [first]
    if add != add_constraint(own):
        there = After(steps[0].id, "it must be there")
        steps.append(_again(context, "validate", own, (validate_constraint(own),), there))
    return steps


def _again(context: Context, verb: str, own: Constraint, up: tuple[Statement, ...], after: After) -> Step:
    return Step(
        id=step_id(verb, own.id),
        title=f"{verb} {own.id}",
        object=own.id,
        strategy=PassedOnCheck.name,
        phase=Phase.EXPAND,
        why="it goes with the parent's, which is not declared any more",
        up=up,
        down=Down(()),
        creates=frozenset({own.id}),
        uses=context.pieces_after.of(own.id)[0].uses,
        after=(after,),
    )


STRATEGY = PassedOnCheck()
