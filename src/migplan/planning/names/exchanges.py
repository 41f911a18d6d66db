"""Names that change hands in circles: one of each has to make room."""

from __future__ import annotations

from collections.abc import Mapping

from migplan.core.ids import ObjectId


def circles(waits: Mapping[ObjectId, ObjectId]) -> list[frozenset[ObjectId]]:
    """Those of who waits for whom."""
    found: list[frozenset[ObjectId]] = []
    seen: set[ObjectId] = set()
    for start in waits:
        path: list[ObjectId] = []
        id = start
        while id in waits and id not in seen:
            seen.add(id)
            path.append(id)
            id = waits[id]
        if id in path:
            found.append(frozenset(path[path.index(id) :]))
    return found
