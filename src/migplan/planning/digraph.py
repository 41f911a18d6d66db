"""Directed graphs of names: what stands in a circle, and an order of the rest.

networkx is imported here alone and only where there is a circle: it takes as long as reading a thousand tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Any

from migplan.core.errors import PlanningError

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
    ordered = set(_ordered(successors, key=str))
    alone = [[node] for node in successors if node in ordered]
    waiting = [node for node in successors if node not in ordered]
    return [*alone, *_in_circles(successors, waiting)] if waiting else alone


def in_order(successors: Successors, key: Callable[[str], Any]) -> list[str]:
    """Every node behind those that lead to it; among those that may come next, the one with the smallest key, and
    among equal ones the one that ``successors`` names first.

    Raises ``PlanningError`` where some wait for each other.
    """
    order = _ordered(successors, key)
    if len(order) < len(successors):
        circle = sorted(n for members in components(successors) if len(members) > 1 for n in members)
        raise PlanningError(f"these wait for each other: {', '.join(circle)}")
    return order


def leads(successors: Successors, source: str, target: str) -> bool:
    """Whether there is a way from the one to the other."""
    seen, todo = set[str](), [source]
    while todo:
        node = todo.pop()
        if node == target:
            return True
        if node not in seen:
            seen.add(node)
            todo += successors.get(node, ())
    return False


def _ordered(successors: Successors, key: Callable[[str], Any]) -> list[str]:
    """As much of the order as there is: neither circles nor what stands behind them."""
    waits = Counter(target for targets in successors.values() for target in targets)
    place = {node: n for n, node in enumerate(successors)}
    ready = [(key(node), place[node], node) for node in successors if not waits[node]]
    heapify(ready)
    order: list[str] = []
    while ready:
        node = heappop(ready)[2]
        order.append(node)
        for target in successors[node]:
            waits[target] -= 1
            if not waits[target]:
                heappush(ready, (key(target), place[target], target))
    return order


def _in_circles(successors: Successors, nodes: Collection[str]) -> list[list[str]]:
    """The components among ``nodes``, which no component leaves."""
    import networkx as nx

    inside = set(nodes)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((source, target) for source in nodes for target in successors[source] if target in inside)
    return [sorted(members) for members in nx.strongly_connected_components(graph)]
