"""Components and orders of small graphs, and of one that would be too deep for recursion."""

from __future__ import annotations

from itertools import pairwise

import pytest

from migplan.core.errors import PlanningError
from migplan.planning.digraph import components, digraph, in_order


def test_nodes_in_a_circle_are_one_component() -> None:
    graph = digraph("x", [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "d"), ("a", "d")])
    assert sorted(sorted(c) for c in components(graph)) == [["a", "b", "c"], ["d", "e"], ["x"]]


def test_two_circles_that_share_a_node_are_one() -> None:
    graph = digraph("", [("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")])
    assert [sorted(c) for c in components(graph)] == [["a", "b", "c"]]


def test_a_long_chain_has_no_circle() -> None:
    names = [f"{n:05}" for n in range(20_000)]
    graph = digraph((), pairwise(names))
    assert len(components(graph)) == len(names)
    assert in_order(graph, key=str) == names


def test_the_smallest_that_may_come_next_comes_next() -> None:
    graph = digraph("fa", [("c", "a"), ("b", "d"), ("d", "a")])
    assert in_order(graph, key=str) == ["b", "c", "d", "a", "f"]
    assert in_order(graph, key=lambda n: -ord(n)) == ["f", "c", "b", "d", "a"]


def test_a_circle_has_no_order() -> None:
    with pytest.raises(PlanningError, match="a, b"):
        in_order(digraph("c", [("a", "b"), ("b", "a")]), key=str)
