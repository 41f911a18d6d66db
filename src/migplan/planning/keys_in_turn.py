"""A key goes once the one that takes its place has come: ON CONFLICT needs one at every moment. Where there is room for
one alone (a table has one primary key), both change in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.steps import After, Step
from migplan.kinds.equal_keys import columns_kept_unique

_Place = tuple[ObjectId, frozenset[str]]
"""A table, and the columns that something keeps unique there."""


@record
class _Turn:
    """The steps by which a key goes and one comes, and their transaction."""

    gone: str
    come: str
    group: str


def with_keys_in_turn(steps: Sequence[Step], before: Catalog, after: Catalog) -> list[Step]:
    """The steps that drop a key behind those that make another one over the same columns, wherever nothing speaks
    against it (a name that the new one takes)."""
    come = {place: step for step in steps for place, _ in _places(step.creates, after)}
    heirs = {step.id: list(_heirs(step, come, before, after)) for step in steps}
    turns = _turns(steps, heirs)
    shared = {id: group for turn in turns for id, group in ((turn.gone, turn.group), (turn.come, turn.group))}
    made = (replace(_behind(s, heirs[s.id]), together=shared.get(s.id, s.together)) for s in steps)
    return [_begun_behind(step, turns) for step in made]


def _heirs(step: Step, come: Mapping[_Place, Step], before: Catalog, after: Catalog) -> Iterator[Step]:
    """The steps that make what takes over from the keys that go with this one."""
    stays = set(_places(step.destroys & step.creates, after))
    for place, key in _places(step.destroys, before):
        if (place, key) not in stays and place in come and come[place] is not step:
            yield come[place]


def _behind(step: Step, heirs: Iterable[Step]) -> Step:
    waits = sorted({heir.id for heir in heirs} - {a.step for a in step.after})
    behind = (After(other, "a key over the same columns takes over", wished=True) for other in waits)
    return replace(step, after=(*step.after, *behind)) if waits else step


def _turns(steps: Iterable[Step], heirs: Mapping[str, Iterable[Step]]) -> list[_Turn]:
    """Keys that need the room of those that go."""
    turns: list[_Turn] = []
    for step in steps:
        for heir in heirs[step.id]:
            alike = step.phase is heir.phase and step.transactional and heir.transactional
            groups = sorted({group for group in (step.together, heir.together) if group is not None})
            if alike and step.frees & heir.takes and len(groups) < 2:
                turns.append(_Turn(step.id, heir.id, groups[0] if groups else f"turn:{step.id}"))
    return turns


def _begun_behind(step: Step, turns: Iterable[_Turn]) -> Step:
    """What the way back needs for the former key (its index) it makes before both change."""
    behind = (
        ()
        if step.up
        else tuple(
            After(turn.come, "the way back begins here") for turn in turns for a in step.after if a.step == turn.gone
        )
    )
    return replace(step, after=(*step.after, *behind)) if behind else step


def _places(ids: Iterable[ObjectId], catalog: Catalog) -> Iterable[tuple[_Place, ObjectId]]:
    for id in ids:
        obj = catalog.objects.get(id)
        if obj is not None and obj.table is not None and (columns := columns_kept_unique(obj)):
            yield (obj.table, columns), id
