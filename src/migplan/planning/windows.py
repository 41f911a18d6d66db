"""In which window and phase a step stands: the longest chain of deploys that leads to it, and no later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from migplan.core.records import record
from migplan.core.steps import Phase
from migplan.planning.digraph import Successors, digraph, in_order
from migplan.planning.graph import START, Node

Position = tuple[int, Phase]


@record
class Placed:
    """A transaction's place: window (0 is before the first checkpoint) and phase."""

    node: Node
    window: int
    phase: Phase


def place(nodes: Sequence[Node], edges: Sequence[tuple[str, str, bool]]) -> list[Placed]:
    """Every node in execution order. A node's window is the largest number of deploy edges on any path to it."""
    by_key = {n.key: n for n in nodes}
    incoming: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for source, target, deploy in edges:
        incoming[target].append((source, deploy))
    graph = digraph(sorted(by_key), ((source, target) for source, target, _ in edges if source != START))
    positions: dict[str, Position] = {}
    for key in in_order(graph, key=str):
        positions[key] = _position(by_key[key], incoming[key], positions)
    positions = _with_what_waits(by_key, graph, positions)
    order = in_order(_within_phases(graph, positions), key=_sort_key(by_key, positions))
    placed = [Placed(by_key[k], *positions[k]) for k in order]
    return sorted(placed, key=lambda p: (p.window, p.phase))


def _with_what_waits(
    by_key: Mapping[str, Node], graph: Successors, positions: Mapping[str, Position]
) -> dict[str, Position]:
    """Late nodes in the window and phase of the first one that waits for them."""
    found = dict(positions)
    for key in reversed(in_order(graph, key=str)):
        if all(s.late for s in by_key[key].steps):
            found[key] = max(found[key], min((found[target] for target in graph.get(key, ())), default=found[key]))
    return found


def _position(node: Node, incoming: list[tuple[str, bool]], positions: Mapping[str, Position]) -> Position:
    window = max((_window(source, deploy, positions) for source, deploy in incoming), default=0)
    phase = max(s.phase for s in node.steps)
    for source, deploy in incoming:
        if not deploy and source != START and positions[source][0] == window:
            phase = max(phase, positions[source][1])
    return window, phase


def _window(source: str, deploy: bool, positions: Mapping[str, Position]) -> int:
    start = 0 if source == START else positions[source][0]
    return start + 1 if deploy else start


def _within_phases(graph: Successors, positions: Mapping[str, Position]) -> Successors:
    """Edges between phases are kept by sorting the phases; only those inside one order its nodes."""
    return {a: [b for b in targets if positions[a] == positions[b]] for a, targets in graph.items()}


def _sort_key(by_key: Mapping[str, Node], positions: Mapping[str, Position]):
    def key(node: str) -> tuple[Position, bool, tuple[str, tuple[str, ...]], str]:
        first = by_key[node].steps[0]
        return (positions[node], not any(s.first for s in by_key[node].steps), first.object, node)

    return key
