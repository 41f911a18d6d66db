"""Who stands on whom: tens of thousands of small sets, made when they are asked for, for a command asks for a few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from migplan.core.ids import ObjectId

if TYPE_CHECKING:
    from migplan.core.model import DbObject


class Uses(Mapping[ObjectId, frozenset[ObjectId]]):
    """What each of ``objects`` stands on: what is ``recorded`` for it, and its structure, a member's relation and
    everybody's schema."""

    def __init__(self, recorded: Mapping[ObjectId, Iterable[ObjectId]], objects: Mapping[ObjectId, DbObject]) -> None:
        self.recorded = recorded
        self._objects = objects
        self._schemas = {id.path[0]: id for id in objects if id.kind == "schema"}
        self._made: dict[ObjectId, frozenset[ObjectId]] = {}

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in self.__dict__.items() if name != "_members"}
        return {**kept, "_made": {}}

    def __getitem__(self, id: ObjectId) -> frozenset[ObjectId]:
        made = self._made.get(id)
        if made is None:
            structure = self._structure(id, self._objects[id])
            made = self._made[id] = frozenset([*self.recorded.get(id, ()), *structure])
        return made

    def __iter__(self) -> Iterator[ObjectId]:
        return iter(self._objects)

    def __len__(self) -> int:
        return len(self._objects)

    def within(self, id: ObjectId) -> Sequence[ObjectId]:
        """The structure the other way: a relation's members, everything in a schema."""
        if self._schemas.get(id.path[0]) == id:
            return [i for i in self._objects if len(i.path) > 1 and i.path[0] == id.path[0]]
        return self._members.get(id, ())

    @cached_property
    def _members(self) -> Mapping[ObjectId, list[ObjectId]]:
        found: defaultdict[ObjectId, list[ObjectId]] = defaultdict(list)
        for id, obj in self._objects.items():
            if (table := obj.table) is not None:
                found[table].append(id)
        return found

    def _structure(self, id: ObjectId, obj: DbObject) -> list[ObjectId]:
        schema = self._schemas.get(id.path[0]) if len(id.path) > 1 else None
        return [on for on in (obj.table, schema) if on is not None and on != id]


class Users(Mapping[ObjectId, frozenset[ObjectId]]):
    """The reverse of ``uses``: who stands directly on an object."""

    def __init__(self, uses: Mapping[ObjectId, frozenset[ObjectId]]) -> None:
        self._structured = uses if isinstance(uses, Uses) else None
        self._users: defaultdict[ObjectId, list[ObjectId]] = defaultdict(list)
        self._made: dict[ObjectId, frozenset[ObjectId]] = {}
        users = self._users
        for user, used in (uses.recorded if isinstance(uses, Uses) else uses).items():
            for id in used:
                users[id].append(user)

    def __getitem__(self, id: ObjectId) -> frozenset[ObjectId]:
        made = self._made.get(id)
        if made is None:
            structure = () if self._structured is None else self._structured.within(id)
            users = {*self._users.get(id, ()), *structure} - {id}
            if not users:
                raise KeyError(id)
            made = self._made[id] = frozenset(users)
        return made

    def __iter__(self) -> Iterator[ObjectId]:
        others = () if self._structured is None else (id for id in self._structured if id not in self._users)
        yield from (id for id in (*self._users, *others) if id in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
