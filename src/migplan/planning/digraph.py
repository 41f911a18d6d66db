"""Directed graphs of names: what stands in a circle, and an order of the rest.

networkx is imported here alone and only when a plan is made: it takes as long as reading a thousand tables.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from migplan.core.errors import PlanningError

if TYPE_CHECKING:
    import networkx as nx

Successors = Mapping[str, Collection[str]]


def digraph(nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """The successors of every node; ``edges`` may name more nodes."""
    successors: dict[str, set[str]] = {node: set() for node in nodes}
    for source, target in edges:
        successors.setdefault(source, set()).add(target)
        successors.setdefault(target, set())
    return successors


def components(successors: Successors) -> list[list[str]]:
    """The strongly connected components; a node that stands in no circle is one by itself."""
    import networkx as nx

    return [sorted(members) for members in nx.strongly_connected_components(_graph(successors))]


def in_order(successors: Successors, key: Callable[[str], Any]) -> list[str]:
    """Every node behind those that lead to it; among those that may come next, the one with the smallest key.

    Raises ``PlanningError`` where some wait for each other.
    """
    import networkx as nx

    if len(successors) < 2:
        return list(successors)
    try:
        return list(nx.lexicographical_topological_sort(_graph(successors), key=key))
    except nx.NetworkXUnfeasible as error:
        circle = sorted(n for members in components(successors) if len(members) > 1 for n in members)
        raise PlanningError(f"these wait for each other: {', '.join(circle)}") from error


def _graph(successors: Successors) -> nx.DiGraph[str]:
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(successors)
    graph.add_edges_from((source, target) for source, targets in successors.items() for target in targets)
    return graph
