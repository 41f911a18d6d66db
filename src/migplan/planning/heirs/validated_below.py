"""Checks that a parent has NOT VALID and that are valid below it: a partition that came later has no other rows.

They come down from their parent's as that one is, so they are validated by themselves, in transactions of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import After, Step
from migplan.kinds.constraint import CHECK, Constraint, validate_constraint
from migplan.planning.rebuilds.validations import BEHIND, READS, validation, validation_back

STRATEGY = "validate_below"


def with_validated_below(
    steps: Iterable[Step], leaders: Mapping[ObjectId, ObjectId], before: Catalog, after: Catalog
) -> list[Step]:
    """The steps, each with those that validate what comes along with its check, going forwards or back."""
    come, gone = _stricter(leaders, after), _stricter(leaders, before)
    if not come and not gone:
        return list(steps)
    return [made for step in steps for made in _with_validated(step, come, gone)]


def _stricter(leaders: Mapping[ObjectId, ObjectId], catalog: Catalog) -> Mapping[ObjectId, Constraint]:
    """The checks of that catalog that are valid, while those that they follow are not."""
    found: dict[ObjectId, Constraint] = {}
    for id, leader in leaders.items():
        while leader in leaders:
            leader = leaders[leader]
        own, above = catalog.get(id, Constraint), catalog.get(leader, Constraint)
        if own is None or above is None or not own.type == above.type == CHECK:
            continue
        if own.validated and own.enforced and not above.validated:
            found[id] = own
    return found


def _with_validated(
    step: Step, come: Mapping[ObjectId, Constraint], gone: Mapping[ObjectId, Constraint]
) -> Iterator[Step]:
    back = [_again(gone[id], step) for id in sorted(step.destroys & gone.keys())]
    yield from back
    yield replace(step, after=(*step.after, *(After(b.id, BEHIND) for b in back)))
    yield from (_validated(come[id], step) for id in sorted(step.creates & come.keys()))


def _validated(check: Constraint, step: Step) -> Step:
    why = f"its parent's is not validated, its own is: read {READS}"
    return validation(check.id, step, f"validate {check.id}", why, STRATEGY, (validate_constraint(check),))


def _again(check: Constraint, step: Step) -> Step:
    title = f"on the way back: validate {check.id}"
    return validation_back(check.id, step, title, STRATEGY, (validate_constraint(check),))
