"""An inherited check that stays where its parents' goes: from then on it is its table's own, as if it had declared it.

DROP CONSTRAINT takes along what is only inherited. ADD CONSTRAINT on a table that inherits the check reads no row: it
marks it as declared. Partitions can't say that: theirs is made again, behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migplan.core.changes import Drop
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import After, Down, Phase, Step, step_id
from migplan.kinds._descendants import parents_of
from migplan.kinds.constraint import Constraint, only_inherited
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.constraints.add_constraint import not_valid


class KeptCheck(Strategy):
    """A check that a table keeps as its own where the parent that it had it from loses it."""

    name = "kept_check"
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for check, going in _kept(context):
            step = _declared(check)
            own = {check.id: After(step.id, "it is dropped by itself only where its table declares it")}
            last = After(step.id, f"it would take {check.id} along")
            yield Expansion((step,), behind=dict.fromkeys(going, last) | own)


def _kept(context: Context) -> Iterator[tuple[Constraint, frozenset[ObjectId]]]:
    """Those checks, each with what is dropped above it."""
    for new in context.after.of(Constraint):
        old = context.before.get(new.id, Constraint)
        if old is None or new.inherited or not only_inherited(old):
            continue
        if (old.definition, old.enforced) != (new.definition, new.enforced) or not _stays(new.relation, context):
            continue
        going = frozenset(_sources(old, context.before))
        if going and all(isinstance(context.changes.get(id), Drop) for id in going):
            yield new, going


def _stays(table: ObjectId, context: Context) -> bool:
    """Whether it leaves no parent, which makes what it inherits its own as well, and is no partition."""
    old, new = (side.objects.get(table) for side in (context.before, context.after))
    if getattr(old, "partition_of", None) is not None or table in context.rebuilds.items:
        return False
    return set(getattr(old, "inherits", ())) <= set(getattr(new, "inherits", ()))


def _sources(check: Constraint, catalog: Catalog) -> Iterator[ObjectId]:
    """The checks that tables above declare, which it comes from."""
    for parent in parents_of(check.relation, catalog):
        above = catalog.get(parent.child("constraint", check.name), Constraint)
        if above is None or above.no_inherit:
            continue
        if only_inherited(above):
            yield from _sources(above, catalog)
        else:
            yield above.id


def _declared(check: Constraint) -> Step:
    return Step(
        id=step_id("declare", check.id),
        title=f"let {check.relation} declare {check.id.path[-1]} itself",
        object=check.id,
        strategy=KeptCheck.name,
        phase=Phase.EXPAND,
        why="dropping the parent's check drops what is only inherited; it is there already, so no row is read",
        up=(not_valid(check),),
        down=Down(()),
        uses=frozenset({check.relation}),
    )


STRATEGY = KeptCheck()
