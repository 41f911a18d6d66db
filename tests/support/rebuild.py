"""Kinds under test: objects made and unmade by their parts alone, and plans proved from each side to the other."""

from __future__ import annotations

from dataclasses import replace
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

import psycopg
from tests.support.plans import CAREFUL, catalog, proved, sides

from migplan.core.model import changed_fields
from migplan.core.settings import Settings
from migplan.strategies.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from migplan.core.ids import ObjectId
    from migplan.core.model import Catalog
    from migplan.core.steps import Part, Statement

_SESSION = "SET search_path = ''; SET check_function_bodies = off"


def assert_made_again(make_db: Callable[[str], str], script: str) -> Catalog:
    """What the script makes is made again by the parts of its objects, and unmade by them; its catalog."""
    source, url = catalog(make_db(script)), make_db("")
    empty = catalog(url)
    parts = _in_order(source, frozenset(empty.objects))
    run(url, (s for part in parts for s in part.create))
    made = catalog(url)
    assert differences(source, made) == {}
    assert made.uses == source.uses
    run(url, (s for part in reversed(parts) for s in part.drop))
    assert set(catalog(url).objects) == set(empty.objects)
    return source


def assert_both_ways(make_db: Callable[[str], str], common: str, old: str, new: str) -> frozenset[str]:
    """A proved plan (up and down) leads from old to new in windows, another in one go from new to old.

    The ids of the first one's steps.
    """
    forth = sides(make_db, common + old, common + new, settings=CAREFUL)
    back = sides(make_db, common + new, common + old, settings=replace(CAREFUL, offline=True))
    for found in (forth, back):
        proof = proved(found, make_db)[0].proof
        assert proof.status == "proved", (proof.step, proof.error)
    return frozenset(step.id for step in forth.draft.steps)


def differences(one: Catalog, other: Catalog) -> dict[ObjectId, object]:
    """Objects that differ, with the names of the fields in which they do, or None where one lacks it."""
    found: dict[ObjectId, object] = {}
    for id in one.objects.keys() | other.objects.keys():
        a, b = one.objects.get(id), other.objects.get(id)
        if a != b:
            found[id] = changed_fields(a, b) if a and b else None
    return found


def run(url: str, statements: Iterable[Statement]) -> None:
    """Run them one by one in a session like a plan's."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(_SESSION)
        for statement in statements:
            db.execute(str(statement.sql).encode())


def _in_order(catalog: Catalog, without: frozenset[ObjectId]) -> list[Part]:
    """The parts of every object but ``without``, each after those that it uses."""
    pieces = Pieces(catalog, Settings())
    ids = sorted(catalog.objects.keys() - without - set(pieces.absorbed(catalog.objects)))
    parts = [part for id in ids for part in pieces.of(id)]
    makers = {id: number for number, part in enumerate(parts) for id in part.provides}
    graph = {n: {makers[u] for u in part.uses if u in makers} - {n} for n, part in enumerate(parts)}
    return [parts[n] for n in TopologicalSorter(graph).static_order()]
