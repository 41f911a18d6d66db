"""A plan of several stages: each is drafted like a plan of its own, and begins where the one before it has ended.

The stages before the last only free names (``renames_rounds``). A stage's first window is the last
one of the stage before: its application is running by then, and nothing of what this one does needs a deploy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from migplan.core.directives import Directives
from migplan.core.model import Catalog
from migplan.core.settings import Settings
from migplan.core.steps import Step
from migplan.planning.diff import diff
from migplan.planning.graph import START, CycleError, Edge
from migplan.planning.names.renames import Renamed
from migplan.planning.plan import Draft, draft
from migplan.planning.segments import Segment

_REASON = "its stage begins where names are free"


def draft_in_stages(
    before: Catalog, after: Catalog, directives: Directives, settings: Settings, renamed: Renamed
) -> Draft:
    """The plan from one catalog to the other, with the stages that the renames need ahead of it."""
    try:
        found = draft(before, after, directives, settings, renamed)
    except CycleError as cycle:
        changes = tuple(diff(renamed.before, after, settings))
        return Draft(changes, blocked=(*renamed.blocked, _in_two_parts(cycle, directives)), renames=renamed.renames)
    for number, stage in reversed(list(enumerate(renamed.earlier, 1))):
        first = draft(stage.renamed.before, stage.after, stage.directives, settings, stage.renamed)
        found = _joined(_marked(first, number), found)
    return found


def _in_two_parts(cycle: CycleError, directives: Directives) -> str:
    """What helps. A directive beside the wrong column makes circles as well: those of the tables are named."""
    tables = {step.object.path[:2] for step in cycle.steps}
    said = [d for d in directives.named("renamed-from") if d.target is not None and d.target.path[:2] in tables]
    places = "".join(f"; {d.place} says renamed-from {d.argument}" for d in said)
    return f"{cycle.sentence}: declare them in two parts, one plan after the other{places}"


def _marked(first: Draft, number: int) -> Draft:
    """The draft with its steps' ids told from those of other stages."""
    ids = {s.id: f"{s.id}:stage{number}" for s in first.steps}
    return replace(
        first,
        segments=tuple(replace(s, steps=tuple(_step(step, ids) for step in s.steps)) for s in first.segments),
        edges=tuple(replace(e, source=ids.get(e.source, e.source), target=ids[e.target]) for e in first.edges),
    )


def _step(step: Step, ids: Mapping[str, str]) -> Step:
    after = tuple(replace(a, step=ids.get(a.step, a.step)) for a in step.after)
    return replace(step, id=ids[step.id], after=after)


def _joined(first: Draft, then: Draft) -> Draft:
    """Both, the second one behind the first; what the plan amounts to is told by the second."""
    blocked, changes = (*first.blocked, *then.blocked), (*first.changes, *then.changes)
    if not first.segments or not then.segments:
        segments, edges = first.segments or then.segments, first.edges or then.edges
        return replace(then, changes=changes, segments=segments, edges=edges, blocked=blocked)
    end = first.segments[-1]
    return replace(
        then,
        changes=changes,
        segments=(*first.segments, *(_moved(s, end) for s in then.segments)),
        edges=(*first.edges, *_edges(then, end.steps[-1])),
        blocked=blocked,
        gone=first.gone | then.gone,
    )


def _moved(segment: Segment, end: Segment) -> Segment:
    phase = max(segment.phase, end.phase) if segment.window == 0 else segment.phase
    return replace(segment, window=segment.window + end.window, phase=phase)


def _edges(then: Draft, last: Step) -> list[Edge]:
    """What the second stage's start was is the first one's last step now."""
    waiting = {e.target for e in then.edges}
    begins = [Edge(last.id, s.id, _REASON) for s in then.steps if s.id not in waiting]
    return [*begins, *(replace(e, source=last.id) if e.source == START else e for e in then.edges)]
