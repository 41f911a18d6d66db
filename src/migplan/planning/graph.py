"""The graph of steps: edges out of references, names and explicit order; transactions as its nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from migplan.core.errors import PlanningError
from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.steps import Phase, Step
from migplan.planning.digraph import Successors, components, digraph, in_order, leads
from migplan.strategies.base import PLAIN
from migplan.strategies.columns.set_not_null import NAME as NOT_NULL

START = "start"


@record
class Edge:
    """``target`` runs after ``source``; with ``deploy``, only behind a checkpoint. ``source`` may be START."""

    source: str
    target: str
    reason: str
    deploy: bool = False
    contract: str | None = None
    wished: bool = False


class CycleError(PlanningError):
    """Steps that wait for each other."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(steps)
        super().__init__(
            f"{self.sentence}: {', '.join(s.id for s in steps)}",
            hint="Declare the change in two parts, one plan after the other. It is a bug of migplan: please report it"
            " with both schemas.",
        )

    @property
    def sentence(self) -> str:
        """Whose changes wait for each other."""
        *most, last = [str(id) for id in sorted({s.object for s in self.steps})] or ["these steps"]
        named = f"the changes of {', '.join(most)} and {last}" if most else f"the changes of {last}"
        return f"{named} wait for each other"


def edges_of(steps: Sequence[Step]) -> list[Edge]:
    """Every edge between the steps, sorted; soft ones (mentions) only where they close no cycle."""
    hard = _unique([*_explicit(steps), *_references(steps), *_names(steps)])
    return sorted([*hard, *_soft(steps, hard)], key=_place)


def without_circles(edges: Sequence[Edge]) -> list[Edge]:
    """The edges, of the wished ones in circles those that close none: each is tried after the other."""
    return _sparing(edges, lambda step: step, lambda _: True)


def without_long_transactions(steps: Sequence[Step], edges: Sequence[Edge]) -> list[Edge]:
    """The edges, without the wished ones that would draw long work into a transaction whose locks others wait for."""
    groups = {s.id: s.together or s.id for s in steps}
    long = {groups[s.id] for s in steps if s.phase is Phase.MIGRATE or not s.transactional}
    return _sparing(edges, groups.__getitem__, lambda members: not long.isdisjoint(members)) if long else list(edges)


def _sparing(edges: Sequence[Edge], node: Callable[[str], str], spares: Callable[[Sequence[str]], bool]) -> list[Edge]:
    """The edges without the wished ones that close a circle of nodes, of those circles that ``spares`` names."""
    if all(not e.wished for e in edges):
        return list(edges)
    ends = {e: (node(e.source), node(e.target)) for e in edges if e.source != START}
    circles = [c for c in components(digraph((), (pair for pair in ends.values() if len(set(pair)) > 1))) if spares(c)]
    circle = {n: i for i, members in enumerate(circles) if len(members) > 1 for n in members}
    doubtful = {e for e, (a, b) in ends.items() if e.wished and a in circle and circle[a] == circle.get(b) and a != b}
    kept = [e for e in edges if e not in doubtful]
    graph = digraph((), (ends[e] for e in kept if e in ends))
    for edge in sorted(doubtful, key=_place):
        source, target = ends[edge]
        if not leads(graph, target, source):
            kept.append(edge)
            graph.setdefault(source, set()).add(target)
    return sorted(kept, key=_place)


def _place(edge: Edge) -> tuple[str, str, bool, str]:
    return edge.source, edge.target, not edge.deploy, edge.reason


def _explicit(steps: Sequence[Step]) -> Iterable[Edge]:
    ids = {s.id for s in steps}
    for step in steps:
        if step.deploy is not None:
            yield Edge(START, step.id, f"the application {step.deploy}", deploy=True, contract=step.deploy)
        for after in step.after:
            if after.step not in ids:
                raise PlanningError(f"step {step.id} must run after {after.step}, which isn't in the plan")
            yield Edge(after.step, step.id, after.reason, after.deploy, after.contract, after.wished)


def _references(steps: Sequence[Step]) -> Iterable[Edge]:
    creators = _by(steps, "creates")
    destroyers = _by(steps, "destroys")
    for step in steps:
        for id in step.uses:
            yield from (Edge(c.id, step.id, f"uses {id}") for c in creators.get(id, ()) if c is not step)
        for id in step.releases:
            yield from (
                Edge(step.id, d.id, f"must let go of {id} first", wished=_only_felt(id, d))
                for d in destroyers.get(id, ())
                if d is not step
            )
        for id in step.creates:
            yield from (
                Edge(d.id, step.id, f"takes the place of {id}")
                for d in destroyers.get(id, ())
                if d is not step and id not in d.creates
            )


def _only_felt(id: ObjectId, altering: Step) -> bool:
    """PostgreSQL replaces a function's body under its callers, and makes a column NOT NULL under its keys: one that
    goes had better go first, but needn't."""
    if id.kind == "column":
        return id == altering.object and altering.strategy == NOT_NULL
    return id.kind == "function" and id in altering.creates and altering.strategy == PLAIN


def _names(steps: Sequence[Step]) -> Iterable[Edge]:
    """Who takes a name waits for who frees it, unless that one must come later: it frees what was given."""
    frees = _by(steps, "frees")
    for step in steps:
        for name in step.takes:
            for other in frees.get(name, ()):
                if other is not step and all(after.wished or after.step != step.id for after in other.after):
                    yield Edge(other.id, step.id, f"takes the name {'.'.join(name.path)}")


def _soft(steps: Sequence[Step], hard: Sequence[Edge]) -> list[Edge]:
    """A body that is only text names tables, functions, and columns: good to have them first, impossible in a cycle.

    A name alone tells less of a column, so columns don't outweigh the rest.
    """
    found = _wished(steps, lambda id: id.kind != "column")
    kept = _acyclic(steps, hard, found)
    return [*kept, *_acyclic(steps, [*hard, *kept], _wished(steps, lambda id: id.kind == "column"))]


def _wished(steps: Sequence[Step], fits: Callable[[ObjectId], bool]) -> list[Edge]:
    creators, destroyers = _by(steps, "creates"), _by(steps, "destroys")
    reason = "its body names {}".format
    pairs = [(c.id, s.id, id) for s in steps for id in s.mentions if fits(id) for c in creators.get(id, ())]
    pairs += [(s.id, d.id, id) for s in steps for id in s.forgets if fits(id) for d in destroyers.get(id, ())]
    return _unique(Edge(source, target, reason(id)) for source, target, id in pairs if source != target)


def _acyclic(steps: Sequence[Step], hard: Sequence[Edge], wished: Sequence[Edge]) -> list[Edge]:
    if not wished:
        return []
    groups = {s.id: s.together or s.id for s in steps}
    graph = digraph((), ((groups[e.source], groups[e.target]) for e in [*hard, *wished] if e.source != START))
    component = {n: i for i, members in enumerate(components(graph)) for n in members}
    return [e for e in wished if component[groups[e.source]] != component[groups[e.target]]]


def _by(steps: Sequence[Step], attribute: str) -> Mapping[Hashable, list[Step]]:
    index: dict[Hashable, list[Step]] = defaultdict(list)
    for step in steps:
        for key in getattr(step, attribute):
            index[key].append(step)
    return index


def _unique(edges: Iterable[Edge]) -> list[Edge]:
    """One edge for a pair of steps and a nature; the first reason in alphabetical order, of those that must be."""
    kept: dict[tuple[str, str, bool], Edge] = {}
    for edge in sorted(edges, key=lambda e: (e.source, e.target, e.deploy, e.wished, e.reason)):
        kept.setdefault((edge.source, edge.target, edge.deploy), edge)
    return list(kept.values())


@record
class Node:
    """Steps that share one transaction, in their order."""

    key: str
    steps: tuple[Step, ...]


def nodes_of(steps: Sequence[Step], edges: Sequence[Edge]) -> tuple[list[Node], list[tuple[str, str, bool]]]:
    """The steps condensed by their transaction groups, and the edges between those nodes.

    Groups that stand in a cycle are merged: what must happen in between has to share their transaction.
    """
    by_id = {s.id: s for s in steps}
    group = {s.id: s.together or s.id for s in steps}
    pairs = [(e.source, e.target) for e in edges if e.source != START]
    inner = digraph(sorted(by_id), pairs)
    _refuse_cycles(inner, by_id)
    graph = digraph(sorted(set(group.values())), ((group[a], group[b]) for a, b in pairs if group[a] != group[b]))
    merged = {n: min(c) for c in components(graph) for n in c}
    members: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        members[merged[group[step.id]]].append(step)
    for edge in edges:
        node = merged[group[edge.target]]
        if edge.deploy and edge.source != START and merged[group[edge.source]] == node:  # no transaction waits for it
            raise CycleError(members[node])
    nodes = [Node(key, _inner_order(m, inner)) for key, m in sorted(members.items())]
    outer = {
        (merged[group[e.source]] if e.source != START else START, merged[group[e.target]], e.deploy) for e in edges
    }
    return nodes, sorted((a, b, d) for a, b, d in outer if a != b)


def _inner_order(members: list[Step], graph: Successors) -> tuple[Step, ...]:
    by_id = {s.id: s for s in members}
    within = {id: [target for target in graph[id] if target in by_id] for id in by_id}
    return tuple(by_id[id] for id in in_order(within, key=sort_key(by_id)))


def sort_key(by_id: Mapping[str, Step]):
    """A stable key: what is dropped before what is made, then by object."""

    def key(id: str) -> tuple[ObjectId, str]:
        return (by_id[id].object, id)

    return key


def _refuse_cycles(graph: Successors, by_id: Mapping[str, Step]) -> None:
    cycles = sorted(sorted(c) for c in components(graph) if len(c) > 1)
    if cycles:
        raise CycleError([by_id[id] for id in cycles[0]])
