"""Labels that rows are going to get in place of removed ones, added to their enums ahead of the rest of the plan.

A renamed label is an added one, rows moved over to it, and a removed one: both versions of the application find theirs
while both run. Everything else is planned for the enum that has both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from types import MappingProxyType

from migplan.core.directives import Directives
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.records import record
from migplan.core.steps import Down, Irreversible, Phase, Step, step_id
from migplan.kinds.enum import Enum
from migplan.kinds.registry import kind_of
from migplan.planning.names.renamed_meanwhile import renamed_meanwhile
from migplan.strategies.types.mapped_labels import mapped_labels
from migplan.strategies.types.remap_labels import rows_back

STRATEGY = "remap_labels"


@record
class Widened:
    """The live catalog with the ``added`` labels, and the steps that add them."""

    before: Catalog
    steps: tuple[Step, ...] = ()
    added: Mapping[ObjectId, frozenset[str]] = field(default_factory=dict[ObjectId, frozenset[str]])


def widen_enums(
    before: Catalog,
    after: Catalog,
    directives: Directives,
    back: Callable[[Catalog, Catalog], Down | Irreversible],
    *,
    in_use: bool = False,
    renamed: Mapping[ObjectId, str] = MappingProxyType({}),
) -> Widened:
    """Add what the ``values`` directives ask for, and to enums ``in_use`` that are replaced every new label: the next
    version of the application may write it before they are. ``back`` drafts the statements from one catalog to another;
    ``renamed`` are columns by their declared names, with those that applications say.
    """
    added: dict[ObjectId, Enum] = {}
    for old in before.of(Enum):
        new = after.get(old.id, Enum)
        mapped = set[str]() if new is None else set(mapped_labels(directives, old, new).values())
        if in_use and new is not None and kind_of(old.id).alter(old, new, before, after) is None:
            mapped |= set(new.labels)
        targets = mapped - set(old.labels)
        if new is not None and targets:
            added[old.id] = replace(old, labels=_with(old.labels, new.labels, targets))
    if not added:
        return Widened(before)
    steps: list[Step] = []
    world = before
    for id, wide in sorted(added.items()):
        objects: dict[ObjectId, DbObject] = {**world.objects, id: wide}
        wider = replace(world, objects=objects)
        steps.append(_step(world, wider, after, id, directives, back, renamed if in_use else {}))
        world = wider
    new_labels = {id: frozenset(wide.labels) - frozenset(_enum(before, id).labels) for id, wide in added.items()}
    return Widened(world, tuple(steps), new_labels)


def _enum(catalog: Catalog, id: ObjectId) -> Enum:
    found = catalog[id]
    assert isinstance(found, Enum)
    return found


def _with(old: Sequence[str], new: Sequence[str], targets: set[str]) -> tuple[str, ...]:
    """The old labels, with each target behind the label that precedes it in the declaration."""
    labels = list(old)
    for at, label in enumerate(new):
        if label in targets:
            known = [labels.index(earlier) for earlier in new[:at] if earlier in labels]
            labels.insert(known[-1] + 1 if known else 0, label)
    return tuple(labels)


def _step(
    world: Catalog,
    wider: Catalog,
    after: Catalog,
    id: ObjectId,
    directives: Directives,
    back: Callable[[Catalog, Catalog], Down | Irreversible],
    renamed: Mapping[ObjectId, str],
) -> Step:
    old, wide, new = _enum(world, id), _enum(wider, id), _enum(after, id)
    up = kind_of(id).alter(old, wide, world, wider)
    assert up is not None
    mapping = mapped_labels(directives, old, new)
    way = back(wider, world)
    if isinstance(way, Down):
        way = Down((*rows_back(world, old, mapping), *way.statements))
    return Step(
        id=step_id("widen", id),
        title=f"add the labels to {id} that rows are going to get",
        object=id,
        strategy=STRATEGY,
        phase=Phase.EXPAND,
        why="the next version of the application may write them",
        up=tuple(up),
        down=renamed_meanwhile(way, id, world, renamed),
        releases=frozenset({id, *world.dependants({id})}),
        first=True,
    )
