"""Drops that a table's drop makes by itself: DROP TABLE takes its indexes, constraints, triggers and policies along."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.steps import Down, Statement, Step
from migplan.planning.graph import START, Edge
from migplan.planning.windows import Placed
from migplan.strategies.base import PLAIN


def fold(placed: Sequence[Placed], edges: Sequence[Edge], before: Catalog) -> list[Placed]:
    """The same plan with such drops left to DROP TABLE; its way back makes them again.

    A drop is folded only when nothing but the table's drop waits for it.
    """
    positions = {s.id: (p.window, p.phase) for p in placed for s in p.node.steps}
    waiting: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        if edge.source != START:
            waiting[edge.source].add(edge.target)
    lone = {s.id: s for p in placed if len(p.node.steps) == 1 for s in p.node.steps}
    owners = {s.object: s for s in lone.values() if s.object in s.destroys and not s.creates}
    folded: dict[str, str] = {}
    for item in reversed(placed):
        for step in item.node.steps:
            owner = _owner(step, owners, before) if step.id in lone else None
            if owner is None or positions[owner.id] != positions[step.id]:
                continue
            if all(folded.get(w, w) == owner.id for w in waiting[step.id]):
                folded[step.id] = owner.id
    return _merged(placed, folded)


def _owner(step: Step, owners: Mapping[ObjectId, Step], before: Catalog) -> Step | None:
    """The drop of the table that the dropped member belongs to."""
    if step.creates or not isinstance(step.down, Down) or step.loses or step.down.asserts or step.object not in before:
        return None
    table = before[step.object].table
    owner = owners.get(table) if table is not None else None
    is_drop = bool(step.destroys) or not step.up
    alone = step.strategy == PLAIN or not _joins_tables(before[step.object])
    return owner if is_drop and alone and owner is not None and owner.id != step.id else None


def _joins_tables(obj: DbObject) -> bool:
    """A foreign key's drop locks both of its tables: where a strategy lets it go first, it does so for that reason."""
    return getattr(obj, "target", None) is not None


def _merged(placed: Sequence[Placed], folded: Mapping[str, str]) -> list[Placed]:
    ways_back: dict[str, list[tuple[Statement, ...]]] = defaultdict(list)
    for item in placed:
        for step in item.node.steps:
            if step.id in folded and isinstance(step.down, Down):
                ways_back[folded[step.id]].append(step.down.statements)
    result: list[Placed] = []
    for item in placed:
        if all(s.id in folded for s in item.node.steps):
            continue
        steps = tuple(_with_way_back(s, ways_back.get(s.id, [])) for s in item.node.steps)
        result.append(replace(item, node=replace(item.node, steps=steps)))
    return result


def _with_way_back(step: Step, more: Sequence[tuple[Statement, ...]]) -> Step:
    """The table comes back first, then its members, in the reverse order of their drops."""
    if not more or not isinstance(step.down, Down):
        return step
    statements = [*step.down.statements, *(s for way in reversed(more) for s in way)]
    return replace(step, down=replace(step.down, statements=tuple(statements)))
