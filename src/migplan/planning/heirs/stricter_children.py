"""A child's NOT NULL that is valid beside its parent's that isn't comes first, and goes last: the parent's takes it as
it is, but would bring one that isn't valid either (``kinds/stricter_not_null.py``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import Step
from migplan.kinds._descendants import parents_of
from migplan.kinds.column import Column
from migplan.kinds.stricter_not_null import stricter


def with_stricter_children(steps: Iterable[Step], before: Catalog, after: Catalog) -> list[Step]:
    """The steps, those on such columns in that order."""
    made = list(steps)
    own = {s.object for s in made if s.object.kind == "column"}
    come, gone = dict(_pairs(own, after)), dict(_pairs(own, before))
    if not come and not gone:
        return made
    return [_ordered(step, come, gone) for step in made]


def _pairs(columns: Iterable[ObjectId], catalog: Catalog) -> Iterator[tuple[ObjectId, frozenset[ObjectId]]]:
    """Children with their parents' columns."""
    for id in columns:
        child = catalog.get(id, Column)
        if child is None or child.not_null is None or not child.inherited or not child.not_null.valid:
            continue
        above = (catalog.get(p.child("column", child.name), Column) for p in parents_of(child.relation, catalog))
        if found := frozenset(c.id for c in above if c is not None and stricter(child, c)):
            yield id, found


def _ordered(step: Step, come: dict[ObjectId, frozenset[ObjectId]], gone: dict[ObjectId, frozenset[ObjectId]]) -> Step:
    id = step.object
    return replace(
        step,
        creates=step.creates | ({_valid(id)} if id in come else set()),
        uses=step.uses | {_valid(child) for child, parents in come.items() if id in parents},
        destroys=step.destroys | ({_valid(id)} if id in gone else set()),
        releases=step.releases | {_valid(child) for child, parents in gone.items() if id in parents},
    )


def _valid(column: ObjectId) -> ObjectId:
    return column.child("valid", "")
