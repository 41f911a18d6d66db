"""What is read from a database: objects, their references, and the immutable catalog that holds them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import field, fields, is_dataclass
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, Final, TypeVar, cast

from migplan.core.ids import ObjectId
from migplan.core.packed import Packed, packed
from migplan.core.records import record
from migplan.core.uses import Users

OWNER = "\x00owner"
"""Stands for "whoever owns the object" in a :class:`Grant`, so that ACLs of two servers can be compared."""
PUBLIC = ""
"""The grantee PUBLIC."""


@record(order=True)
class Grant:
    """One privilege of one grantee; ``column`` is "" for the whole object."""

    grantee: str
    privilege: str
    grantable: bool = False


@packed
class DbObject(Packed):
    """The base of every kind's model: frozen, compared field by field.

    ``owner`` and ``grants`` are compared only where migplan.toml says that they are managed; ``grants`` is ``None``
    for PostgreSQL's built-in default privileges. Fields with ``compare=False`` are facts that don't make a
    difference (a column's position).
    """

    id: ObjectId
    comment: str | None = None
    owner: str = field(default="", compare=False)
    grants: tuple[Grant, ...] | None = None

    @property
    def table(self) -> ObjectId | None:
        """The relation that the object belongs to and vanishes with, if any (a column's table)."""
        return None


UNTOLD: Final = {"untold": True}
"""Marks a field that is only compared within a plan: catalogs as they are read say nothing of it."""

O = TypeVar("O", bound=DbObject)  # noqa: E741 - the usual name would hide what is bound


def changed_fields(old: DbObject, new: DbObject) -> frozenset[str]:
    """Names of the compared fields in which two objects of one kind differ."""
    if old == new:
        return frozenset()
    return frozenset(
        f.name for f in fields(old) if f.compare and f.name != "id" and getattr(old, f.name) != getattr(new, f.name)
    )


def tables_above(obj: DbObject | None) -> tuple[ObjectId, ...]:
    """The tables right above one: that of which it is a partition, or those that it inherits from."""
    partitioned: ObjectId | None = getattr(obj, "partition_of", None)
    return getattr(obj, "inherits", ()) if partitioned is None else (partitioned,)


@record
class TableSize:
    """What the live server knows of a table: ``rows`` and ``bytes`` of its heap as estimated (-1 rows: unknown); of one
    that a plan touches, measured, with indexes and TOAST.

    ``empty`` is certain (a probe found no row); an estimate of 0 rows is not.
    """

    rows: int
    bytes: int
    empty: bool


@record(order=True)
class Unmodelled:
    """Something that exists in the database and that migplan does not model: named, never touched."""

    what: str
    name: str


@record(order=True)
class CastRule:
    """One row of pg_cast: how a value of type ``source`` becomes ``target``.

    ``context``: i implicit, a assignment, e explicit; ``method``: b binary-coercible, f function, i input/output.
    """

    source: str
    target: str
    context: str
    method: str


Address = tuple[int, int, int]
"""How pg_depend names an object: the catalog's oid, the object's, and a column's number or 0."""


@record
class Comparison:
    """Which ids are ``gone`` in the ``other`` catalog's objects and which have ``come``, and the pairs that differ."""

    other: Mapping[ObjectId, DbObject]
    gone: frozenset[ObjectId]
    come: frozenset[ObjectId]
    changed: tuple[tuple[DbObject, DbObject], ...]

    def turned(self, other: Mapping[ObjectId, DbObject]) -> Comparison:
        """The same, seen from the other side; ``other`` is what this one was seen from."""
        return Comparison(other, self.come, self.gone, tuple((new, old) for old, new in self.changed))


@record(slots=False)
class Catalog:
    """An immutable picture of a database's schema.

    ``uses`` maps an object to what PostgreSQL records it depends on (pg_depend, resolved to modelled objects).
    ``sizes`` is filled for live databases only. ``left_alone`` are objects that nobody manages and that have a say in
    what is created: default privileges. ``outsiders`` are objects that weren't read, each with one that was and that it
    stands on.
    """

    server_version: int
    objects: Mapping[ObjectId, DbObject]
    uses: Mapping[ObjectId, frozenset[ObjectId]]
    sizes: Mapping[ObjectId, TableSize] = field(default_factory=dict[ObjectId, TableSize])
    unmodelled: tuple[Unmodelled, ...] = ()
    casts: frozenset[CastRule] = frozenset()
    role: str = ""
    left_alone: tuple[DbObject, ...] = ()
    outsiders: frozenset[tuple[Address, ObjectId]] = field(default=frozenset(), compare=False)

    @property
    def major(self) -> int:
        """The server's major version: 14 to 18."""
        return self.server_version // 10000

    def __getitem__(self, id: ObjectId) -> DbObject:
        return self.objects[id]

    def __contains__(self, id: ObjectId) -> bool:
        return id in self.objects

    def __iter__(self) -> Iterator[DbObject]:
        return iter(self.objects.values())

    def get(self, id: ObjectId, model: type[O]) -> O | None:
        """The object of that id where it exists and is of that model."""
        found = self.objects.get(id)
        return found if isinstance(found, model) else None

    def of(self, model: type[O]) -> Iterator[O]:
        """Every object of one model, in reading order."""
        groups = [found for (group, _), found in self._groups.items() if issubclass(group, model)]
        if len(groups) > 1:
            return (o for o in self.objects.values() if isinstance(o, model))
        return iter(cast("list[O]", groups[0])) if groups else iter(())

    def of_kinds(self, names: Collection[str]) -> Iterator[DbObject]:
        """Every object of the kinds of these names."""
        return (o for (_, kind), found in self._groups.items() if kind in names for o in found)

    @cached_property
    def _groups(self) -> dict[tuple[type[DbObject], str], list[DbObject]]:
        """The objects by model and kind."""
        found: dict[tuple[type[DbObject], str], list[DbObject]] = defaultdict(list)
        for id, o in self.objects.items():
            found[o.__class__, id.kind].append(o)
        return found

    @cached_property
    def _compared(self) -> dict[int, Comparison]:
        return {}

    def compared_with(self, other: Catalog) -> Comparison:
        """What differs between both, worked out once for each other catalog: most objects are equal."""
        found = self._compared.get(id(other.objects))
        if found is None or found.other is not other.objects:
            mine, theirs = self.objects, other.objects
            reverse = other._compared.get(id(mine))
            if reverse is not None and reverse.other is mine:
                found = self._compared[id(theirs)] = reverse.turned(theirs)
                return found
            gone, come = frozenset(mine.keys() - theirs.keys()), frozenset(theirs.keys() - mine.keys())
            changed = tuple((mine[i], o) for i, o in theirs.items() if i not in come and mine[i] != o)
            found = self._compared[id(theirs)] = Comparison(theirs, gone, come, changed)
        return found

    @cached_property
    def used_by(self) -> Mapping[ObjectId, frozenset[ObjectId]]:
        """The reverse of ``uses``: who stands directly on an object."""
        return Users(self.uses)

    @cached_property
    def members(self) -> Mapping[ObjectId, tuple[DbObject, ...]]:
        """Objects by the relation they belong to: a table's columns, constraints, indexes, triggers, …"""
        grouped: dict[ObjectId, list[DbObject]] = {}
        for o in self.objects.values():
            if (table := o.table) is not None:
                grouped.setdefault(table, []).append(o)
        return {id: tuple(members) for id, members in grouped.items()}

    @cached_property
    def tables_below(self) -> Mapping[ObjectId, tuple[ObjectId, ...]]:
        """Partitions and inheriting tables by the table directly above them."""
        found: dict[ObjectId, list[ObjectId]] = {}
        for o in self.of_kinds(("table", "foreign_table")):
            for parent in tables_above(o):
                found.setdefault(parent, []).append(o.id)
        return {id: tuple(below) for id, below in found.items()}

    @cached_property
    def index_children(self) -> Mapping[ObjectId, frozenset[ObjectId]]:
        """Attached indexes and keys of partitions, by the partitioned table's index or key."""
        children: dict[ObjectId, set[ObjectId]] = {}
        for o in self.objects.values():
            parent: ObjectId | None = getattr(o, "parent", None) or getattr(o, "index_parent", None)
            if parent is not None:
                children.setdefault(parent, set()).add(o.id)
        return {id: frozenset(found) for id, found in children.items()}

    def with_sizes(self, sizes: Mapping[ObjectId, TableSize]) -> Catalog:
        """The same schema with other sizes; what has been worked out of the schema is kept."""
        resized = copy(self)
        object.__setattr__(resized, "sizes", sizes)
        return resized

    def members_of(self, table: ObjectId, model: type[O]) -> list[O]:
        """The members of one relation that are of one model, in reading order."""
        return [o for o in self.members.get(table, ()) if isinstance(o, model)]

    def dependants(self, roots: Iterable[ObjectId]) -> set[ObjectId]:
        """Everything that stands on ``roots``, directly or through others, without the roots."""
        start = set(roots)
        seen = set(start)
        todo = list(start)
        while todo:
            for user in self.used_by.get(todo.pop(), frozenset()):
                if user not in seen:
                    seen.add(user)
                    todo.append(user)
        return seen - start

    @cached_property
    def fingerprint(self) -> str:
        """A digest (sha256, hex) of every compared field of every object, independent of reading order."""
        digest = hashlib.sha256()
        for id in sorted(self.objects):
            digest.update(fingerprint_of(self.objects[id]).encode())
        return digest.hexdigest()


def fingerprint_of(obj: DbObject) -> str:
    """One line that is equal for equal objects.

    What is as it is by default goes without saying: an attribute that only a later migplan knows leaves the digests in
    the plans of earlier ones as they were.
    """
    return f"{_told(obj)}\n"


@cache
def _compared(model: type[Any]) -> tuple[tuple[tuple[str, object], ...], Callable[[object], tuple[object, ...]]] | None:
    """The fields that make a difference, each with its default, and what reads them all; None for no record."""
    if not is_dataclass(model):
        return None
    compared = tuple((f.name, f.default) for f in fields(model) if f.compare and not f.metadata)
    names = [name for name, _ in compared]
    if len(names) < 2:  # attrgetter gives one value bare
        return compared, lambda value: tuple(getattr(value, name) for name in names)
    return compared, attrgetter(*names)


def _told(value: object) -> str:
    compared = _compared(type(value))
    if compared is None:
        return f"({', '.join(map(_told, cast('tuple[object, ...]', value)))})" if type(value) is tuple else repr(value)
    known, read = compared
    said = [f"{name}={_told(own)}" for (name, default), own in zip(known, read(value), strict=True) if own != default]
    return f"{type(value).__name__}({', '.join(said)})"
