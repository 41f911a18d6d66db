"""In which order names change hands: chains from their end, circles by way of a temporary name, leftovers aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from migplan.core.changes import Rename
from migplan.core.errors import PlanningError
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import temporary_name
from migplan.kinds.names import borne_names
from migplan.planning.names.renames_steps import Hop
from migplan.strategies.names.rename import MEMBERS, with_path


def hops(renames: Iterable[Rename], world: Catalog, after: Catalog, *, inferred: bool = False) -> list[Hop]:
    """The renames one by one, each to a name that is free when its turn comes.

    What bears a wanted name and isn't declared any more is renamed out of the way first.
    """
    return _Names(world, after, inferred).settle(list(renames))


_Key = tuple[str, tuple[str, ...]]


class _Names:
    """Who bears which name, while renames are made one after the other."""

    def __init__(self, world: Catalog, after: Catalog, inferred: bool) -> None:
        self._world, self._after, self._inferred = world, after, inferred
        self._now: dict[ObjectId, ObjectId] = {}
        self._bearers: dict[_Key, ObjectId] = {}
        for obj in world:
            for key in _keys(world, obj.id, obj.id):
                self._bearers[key] = obj.id
        self._hops: list[Hop] = []

    def settle(self, renames: list[Rename]) -> list[Hop]:
        waiting = sorted(renames, key=lambda r: r.new)
        while waiting:
            free = next((r for r in waiting if self._bearer(r) is None), None)
            if free is not None:
                waiting.remove(free)
                self._move(free.old, free.new, free.new)
            else:
                self._make_room(waiting)
        tables = {r.old: r.new for r in renames if r.old.kind == "table"}
        made = [replace(hop, final=_in_renamed(hop.final, tables)) if hop.gone else hop for hop in self._hops]
        return sorted(made, key=lambda hop: not (hop.gone and hop.origin.kind == "constraint"))

    def _bearer(self, rename: Rename) -> ObjectId | None:
        """Another object that bears a name which the rename wants."""
        found = (self._bearers.get(key) for key in _keys(self._world, rename.old, rename.new))
        return next((id for id in found if id is not None and id != rename.old), None)

    def _make_room(self, waiting: list[Rename]) -> None:
        olds = {r.old: r for r in waiting}
        for rename in waiting:
            bearer = self._bearer(rename)
            assert bearer is not None
            if bearer not in olds:
                if bearer in self._after and bearer != rename.new:
                    raise PlanningError(f"{rename.old} can't be renamed: {bearer} has a name that it needs, and stays")
                aside = _aside(bearer, "gone")
                self._move(bearer, aside, aside, gone=True)
                return
        first = waiting[0]
        self._move(first.old, _aside(first.old, "swap"), first.new)

    def _move(self, object: ObjectId, to: ObjectId, final: ObjectId, *, gone: bool = False) -> None:
        origin = self._now.get(object, object)
        between = with_path(origin, origin.path[0], to.path[1]) if len(to.path) > 1 and to.kind not in MEMBERS else to
        taken = any(key in self._bearers for key in _keys(self._world, object, between)) and between != to
        for key in _keys(self._world, object, origin):
            self._bearers.pop(key, None)
        for key in _keys(self._world, object, to):
            self._bearers[key] = object
        self._now[object] = to
        self._hops.append(Hop(origin, to, final, gone=gone, taken=taken, inferred=self._inferred))


def _keys(world: Catalog, object: ObjectId, id: ObjectId) -> set[_Key]:
    """The names that the object takes when it is called ``id``."""
    return {(n.space, n.path) for n in borne_names(replace(world[object], id=id))} | {(id.kind, id.path)}


def _in_renamed(id: ObjectId, tables: Mapping[ObjectId, ObjectId]) -> ObjectId:
    """A key that made room, under the name that its table has in the end. It does so ahead of all renames."""
    table = tables.get(id.parent("table")) if id.kind == "constraint" else None
    return id if table is None else ObjectId(id.kind, (*table.path, id.path[-1]))


def _aside(id: ObjectId, what: str) -> ObjectId:
    if id.kind in MEMBERS or len(id.path) == 1:
        return ObjectId(id.kind, (*id.path[:-1], temporary_name(id.path[-1], what)))
    return with_path(id, id.path[0], temporary_name(id.path[1], what))
