"""A key goes once the one that takes its place has come: ON CONFLICT needs one at every moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import After, Step
from migplan.kinds.equal_keys import columns_kept_unique

_Place = tuple[ObjectId, frozenset[str]]
"""A table, and the columns that something keeps unique there."""


def with_keys_in_turn(steps: Sequence[Step], before: Catalog, after: Catalog) -> list[Step]:
    """The steps that drop a key behind those that make another one over the same columns, wherever nothing speaks
    against it (a name that the new one takes)."""
    come = {place: step.id for step in steps for place, _ in _places(step.creates, after)}
    return [_behind(step, come, before, after) for step in steps]


def _behind(step: Step, come: dict[_Place, str], before: Catalog, after: Catalog) -> Step:
    stays = set(_places(step.destroys & step.creates, after))
    gone = (place for place, key in _places(step.destroys, before) if (place, key) not in stays)
    waits = sorted({come[place] for place in gone if place in come} - {step.id, *(a.step for a in step.after)})
    behind = (After(other, "a key over the same columns takes over", wished=True) for other in waits)
    return replace(step, after=(*step.after, *behind)) if waits else step


def _places(ids: Iterable[ObjectId], catalog: Catalog) -> Iterator[tuple[_Place, ObjectId]]:
    for id in ids:
        obj = catalog.objects.get(id)
        if obj is not None and obj.table is not None and (columns := columns_kept_unique(obj)):
            yield (obj.table, columns), id
