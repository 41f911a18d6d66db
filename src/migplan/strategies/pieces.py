"""Objects as creatable pieces: a kind's parts, with comment, grants and owner, and what another object's part absorbs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, Grant
from migplan.core.settings import Settings
from migplan.core.steps import Part, Statement
from migplan.kinds.registry import kind_of


@dataclass(frozen=True)
class Pieces:
    """The parts of objects of one catalog, made once and looked up often."""

    catalog: Catalog
    settings: Settings
    default_grantees: frozenset[str] = frozenset()

    @cached_property
    def _made(self) -> dict[ObjectId, list[Part]]:
        return {}

    def of(self, id: ObjectId) -> list[Part]:
        """The object's parts; the last one also sets comment, grants and owner."""
        if id not in self._made:
            obj = self.catalog[id]
            parts = kind_of(id).parts(obj, self.catalog)
            self._made[id] = _with_attributes(parts, self._attributes_of_all(obj, parts))
        return self._made[id]

    def absorbed(self, ids: Iterable[ObjectId]) -> dict[ObjectId, ObjectId]:
        """Which of ``ids`` are provided by another one's parts (columns by their new table), and by whose."""
        wanted = set(ids)
        found: dict[ObjectId, ObjectId] = {}
        for id in wanted:
            for part in self.of(id):
                found.update((p, id) for p in part.provides if p != id and p in wanted)
        return {id: _outermost(id, found) for id in found}

    def absorbed_by(self, makers: Iterable[ObjectId], ids: Iterable[ObjectId]) -> frozenset[ObjectId]:
        """Which of ``ids`` the parts of ``makers`` provide along with themselves."""
        provided = {
            p for maker in makers if maker in self.catalog for part in self.of(maker) for p in part.provides
        }
        return frozenset(provided & set(ids) - set(makers))

    def _attributes_of_all(self, obj: DbObject, parts: list[Part]) -> list[Statement]:
        provided = {id for part in parts for id in part.provides if id in self.catalog}
        objects = [obj, *(self.catalog[id] for id in sorted(provided - {obj.id}))]
        return [s for o in objects for s in self._attributes(o)]

    def _attributes(self, obj: DbObject) -> list[Statement]:
        kind = kind_of(obj.id)
        statements: list[Statement] = []
        if self.settings.owners and kind.owned and obj.owner:
            statements += kind.owner_statements(obj, obj.owner)
        if self.settings.grants:
            fresh = self._fresh_grants(obj)
            wanted = kind.effective_grants(obj.grants, self.catalog.major)
            owner = obj.owner if self.settings.owners else ""
            statements += kind.grant_statements(obj, fresh, wanted, owner)
        if obj.comment is not None:
            statements += kind.comment_statements(obj, obj.comment)
        return [replace(s, lock=s.lock.NONE) for s in statements]

    def _fresh_grants(self, obj: DbObject) -> tuple[Grant, ...]:
        """What a new object may bear at once: the built-in default, and whatever default privileges added to it."""
        return kind_of(obj.id).default_grants(self.catalog.major)


def _with_attributes(parts: list[Part], statements: list[Statement]) -> list[Part]:
    if not statements or not parts:
        return parts
    last = parts[-1]
    return [*parts[:-1], replace(last, create=(*last.create, *statements))]


def _outermost(id: ObjectId, absorbers: Mapping[ObjectId, ObjectId]) -> ObjectId:
    while id in absorbers:
        id = absorbers[id]
    return id
