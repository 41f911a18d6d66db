"""Orders that are wished, and what becomes of them in circles."""

from __future__ import annotations

from migplan.planning.graph import START, Edge, without_circles

_FIRST, _LAST = Edge("a", "b", "must"), Edge("b", "c", "must")


def test_a_wish_that_closes_a_circle_is_given_up() -> None:
    apart = Edge("x", "a", "wished", wished=True)
    assert without_circles([_FIRST, _LAST, Edge("c", "a", "wished", wished=True), apart]) == [_FIRST, _LAST, apart]


def test_of_two_wishes_that_contradict_each_other_one_is_kept() -> None:
    one, other = Edge("c", "d", "wished", wished=True), Edge("d", "a", "wished", wished=True)
    assert without_circles([_FIRST, _LAST, one, other]) == [_FIRST, _LAST, one]


def test_what_must_be_stays_in_its_circle() -> None:
    edges = [Edge("a", "b", "must"), Edge("b", "a", "must"), Edge(START, "a", "deploys", deploy=True)]
    assert sorted(e.source for e in without_circles(edges)) == sorted(e.source for e in edges)
