"""Row triggers of partitioned tables, of which every partition has one by the same name: PostgreSQL makes none where
the partition has one of its own (manual: CREATE TRIGGER)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import Name, Step
from migplan.kinds.attachment import attachment
from migplan.kinds.table import Table
from migplan.kinds.trigger import Trigger

_Makers = Mapping[ObjectId, frozenset[Name]]


def one_trigger_at_a_time(steps: Iterable[Step], before: Catalog, after: Catalog) -> list[Step]:
    """The steps; a partition's own trigger goes before its table's arrives under that name, and comes behind it."""
    come, gone = _passed_down(after, before), _passed_down(before, after)
    if not come and not gone:
        return list(steps)
    return [_ordered(step, come, gone) for step in steps]


def _ordered(step: Step, come: _Makers, gone: _Makers) -> Step:
    own = {Name("trigger", id.path) for id in step.creates if id.kind == "trigger"} & _names(gone)
    freed = {Name("trigger", id.path) for id in step.destroys if id.kind == "trigger"} & _names(come)
    takes = own.union(*(come.get(id, frozenset()) for id in step.creates))
    frees = freed.union(*(gone.get(id, frozenset()) for id in step.destroys))
    return replace(step, takes=step.takes | takes, frees=step.frees | frees) if takes or frees else step


def _names(makers: _Makers) -> frozenset[Name]:
    return frozenset(name for names in makers.values() for name in names)


def _passed_down(side: Catalog, other: Catalog) -> _Makers:
    """What gives a partition a trigger for which it has one of its own on the other side: the trigger above it, and its
    place below that."""
    found: dict[ObjectId, frozenset[Name]] = {}
    for table in side.of(Table):
        own = {t.name for t in other.members_of(table.id, Trigger)} if table.partition_of is not None else set[str]()
        for trigger in _above(table, side) if own else ():
            if trigger.name in own:
                name = Name("trigger", (*table.id.path, trigger.name))
                for maker in (trigger.id, attachment(table.id)):
                    found[maker] = found.get(maker, frozenset()) | {name}
    return found


def _above(table: Table, catalog: Catalog) -> Iterable[Trigger]:
    parent = None if table.partition_of is None else catalog.get(table.partition_of, Table)
    if parent is not None:
        yield from (t for t in catalog.members_of(parent.id, Trigger) if "FOR EACH ROW" in t.definition)
        yield from _above(parent, catalog)
