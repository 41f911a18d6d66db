"""Foreign keys on columns that change places: dropped and made again in the swap's transaction, validated behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.steps import After, Down, Phase, Statement, Step, step_id
from migplan.kinds.constraint import FOREIGN_KEY, Constraint, add_constraint, drop_constraint, validate_constraint
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Expansion
from migplan.strategies.column_types.staging import NAME
from migplan.strategies.steps_undone import only_on_the_way_back


def carried_foreign_keys(context: Context) -> Iterable[Expansion]:
    """The steps of each that stands on a replaced column, or refers to one."""
    for id in sorted(context.rebuilds.items):
        key = context.after.get(id, Constraint)
        if key is not None and key.type == FOREIGN_KEY and _on_replaced(context, id):
            yield Expansion(tuple(_carry(context, key)), frozenset({id}))


def _on_replaced(context: Context, foreign_key: ObjectId) -> bool:
    key = context.before.get(foreign_key, Constraint)
    if key is None or key.target is None:
        return False
    columns = {key.relation.child("column", c) for c in key.columns}
    return bool((columns | {key.target.child("column", c) for c in key.target_columns}) & context.replaced)


def _carry(context: Context, new: Constraint) -> list[Step]:
    """Dropped and made again in the swap's transaction, NOT VALID; validated behind it, or behind the way back."""
    old = context.before[new.id]
    assert isinstance(old, Constraint)
    rebuild = context.rebuilds.items[new.id]
    gone, come = context.pieces_before.of(new.id)[0], context.pieces_after.of(new.id)[0]
    validated = _validation(new)
    before = only_on_the_way_back(_validation(old), _sentence(context, rebuild.group))
    drop = Step(
        id=step_id("drop", new.id),
        title=f"drop {new.id} for the swap",
        object=new.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="it stands on the columns that change places",
        up=gone.drop,
        down=Down((_not_valid(old), *gone.create[1:])),
        destroys=gone.provides,
        releases=gone.uses,
        together=rebuild.group,
        after=(After(before.id, "on the way back it is validated last"),),
    )
    create = Step(
        id=step_id("create", new.id),
        title=f"add {new.id} again, not validated",
        object=new.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="new rows are checked from here; existing ones were checked under their old type",
        up=(_not_valid(new), *come.create[1:]),
        down=Down((drop_constraint(new),)),
        creates=come.provides,
        uses=come.uses,
        together=rebuild.group,
    )
    return [before, drop, create, replace(validated, after=(After(create.id, "validates it"),))]


def _sentence(context: Context, group: str) -> str | None:
    """What the checkpoint before a swap says."""
    for id in sorted(context.replaced):
        if context.rebuilds.groups.get(id) == group:
            return kind_of(id).contract(context.before[id], context.after[id])
    return None


def _not_valid(key: Constraint) -> Statement:
    return replace(add_constraint(replace(key, validated=False)), scan=False)


def _validated(key: Constraint) -> tuple[Statement, ...]:
    return (validate_constraint(key),) if key.validated and key.enforced else ()


def _validation(key: Constraint) -> Step:
    return Step(
        id=step_id("validate", key.id),
        title=f"validate {key.id}",
        object=key.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="reads the table in a transaction of its own, under a lock that only DDL and vacuum feel",
        up=_validated(key),
        down=Down(()),
    )
