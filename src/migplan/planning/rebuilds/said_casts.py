"""Casts that are said in the text of what stands on their functions: ``DEFAULT 1::pair``.

PostgreSQL records the function that a cast calls, and reads the text that it prints only while the cast is there. Of a
cast without a function it records nothing but the types, so that whoever uses those may say it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.ids import CALLABLE, ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import Step
from migplan.kinds.cast import Cast

_NONE = frozenset[ObjectId]()


def with_said_casts(steps: Sequence[Step], before: Catalog, after: Catalog) -> list[Step]:
    """The steps, behind the creation and ahead of the drop of casts that their text says; of those without a function,
    where no cycle forbids it."""
    come = _by_users((id for s in steps for id in s.creates), after)
    gone = _by_users((id for s in steps for id in s.destroys), before)
    if not come and not gone:
        return list(steps)
    calling, called = _with_function(after), _with_function(before)
    found: list[Step] = []
    for step in steps:
        altered = frozenset({step.object} if not step.creates and not step.destroys else ())
        said = _NONE.union(*(come.get(id, _NONE) for id in step.creates | altered))
        left = _NONE.union(*(gone.get(id, _NONE) for id in step.destroys | altered))
        hard = replace(step, uses=step.uses | (said & calling), releases=step.releases | (left & called))
        found.append(replace(hard, mentions=step.mentions | said, forgets=step.forgets | left))
    return found


def _with_function(catalog: Catalog) -> frozenset[ObjectId]:
    return frozenset(cast.id for cast in catalog.of(Cast) if cast.function is not None)


def _by_users(ids: Iterable[ObjectId], catalog: Catalog) -> dict[ObjectId, frozenset[ObjectId]]:
    found: dict[ObjectId, frozenset[ObjectId]] = {}
    for cast in sorted({id for id in ids if id.kind == "cast"}):
        used = catalog.uses.get(cast, _NONE)
        called = {id for id in used if id.kind in CALLABLE}
        for user in {user for id in called or used for user in catalog.used_by.get(id, _NONE)}:
            if user.kind != "cast" and user not in used:
                found[user] = found.get(user, _NONE) | {cast}
    return found
