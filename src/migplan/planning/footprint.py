"""What a plan touches, object by object: short digests by which drift is found before each window."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, fingerprint_of
from migplan.planning.loosely import without_noise


def footprint(obj: DbObject) -> str:
    """16 hex digits that are equal for equal objects, whatever their grants, and however PostgreSQL happened to print
    casts and parentheses of an expression."""
    line = without_noise(fingerprint_of(obj if obj.grants is None else replace(obj, grants=None)))
    return hashlib.sha256(line.encode()).hexdigest()[:16]


def footprints(before: Catalog, states: Sequence[Catalog], roots: Iterable[ObjectId]) -> dict[str, list[str | None]]:
    """Each touched object's digest at the start and after every phase; None where it doesn't exist.

    ``states`` are the catalogs that the proof saw on the shadow. What has not changed since its start is as it is in
    ``before``, the live side, whatever else the shadow makes of it.
    """
    first = states[0]
    return {
        str(id): [_at(id, before if state.objects.get(id) == first.objects.get(id) else state) for state in states]
        for id in sorted(_touched(states, roots))
    }


def _at(id: ObjectId, catalog: Catalog) -> str | None:
    obj = catalog.objects.get(id)
    return None if obj is None else footprint(obj)


def _touched(states: Sequence[Catalog], roots: Iterable[ObjectId]) -> set[ObjectId]:
    """The objects of the steps, whatever differs between two boundaries, and all that belongs to the same tables."""
    first = states[0].objects
    found = set(roots)
    for state in states[1:]:
        found |= {id for id in state.objects.keys() | first.keys() if state.objects.get(id) != first.get(id)}
    tables = {table for state in states for table in _relations(found, state.objects)}
    found |= {o.id for state in states for o in state if o.table in tables or o.id in tables}
    return {id for id in found if any(id in state for state in states)}


def _relations(ids: Iterable[ObjectId], objects: Mapping[ObjectId, DbObject]) -> set[ObjectId]:
    return {objects[id].table or id for id in ids if id in objects}
