"""Directed graphs of names, each with those that come after it: what stands in a circle, and an order of the rest."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
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
    """The strongly connected components, by Tarjan's algorithm; a node that stands in no circle is one by itself."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    on_path: set[str] = set()
    found: list[list[str]] = []
    for root in successors:
        visits: list[tuple[str, Iterator[str]]] = [] if root in number else [(root, iter(successors[root]))]
        while visits:
            node, following = visits[-1]
            if node not in number:
                number[node] = lowest[node] = len(number)
                path.append(node)
                on_path.add(node)
            for next_node in following:
                if next_node not in number:
                    visits.append((next_node, iter(successors[next_node])))
                    break
                if next_node in on_path:
                    lowest[node] = min(lowest[node], lowest[next_node])
            else:
                visits.pop()
                if visits:
                    before = visits[-1][0]
                    lowest[before] = min(lowest[before], lowest[node])
                if lowest[node] == number[node]:
                    start = path.index(node)
                    found.append(path[start:])
                    on_path.difference_update(path[start:])
                    del path[start:]
    return found


def in_order(successors: Successors, key: Callable[[str], Any]) -> list[str]:
    """Every node behind those that lead to it; among those that may come next, the one with the smallest key."""
    waiting = dict.fromkeys(successors, 0)
    for targets in successors.values():
        for target in targets:
            waiting[target] += 1
    ready = [(key(node), node) for node, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        _, node = heapq.heappop(ready)
        order.append(node)
        for target in successors[node]:
            waiting[target] -= 1
            if waiting[target] == 0:
                heapq.heappush(ready, (key(target), target))
    if len(order) < len(successors):
        raise PlanningError(f"these wait for each other: {', '.join(sorted(n for n, c in waiting.items() if c))}")
    return order
