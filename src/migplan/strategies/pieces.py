"""Objects as creatable pieces: a kind's parts, with comment, grants, owner, and what another object's part absorbs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, Grant
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.steps import Part, Statement
from migplan.kinds.column import Column
from migplan.kinds.default_privileges import DefaultPrivileges, grants_at_birth
from migplan.kinds.identity import sequence_grants
from migplan.kinds.registry import kind_of


@record(slots=False)
class Pieces:
    """The parts of objects of one catalog, made once and looked up often.

    ``default_privileges`` are those that may be in force when a part runs.
    """

    catalog: Catalog
    settings: Settings
    default_privileges: tuple[DefaultPrivileges, ...] = ()

    @cached_property
    def _made(self) -> dict[ObjectId, list[Part]]:
        return {}

    def of(self, id: ObjectId) -> list[Part]:
        """The object's parts; each also sets comment, grants and owner of what it provides."""
        if id not in self._made:
            obj = self.catalog[id]
            parts = kind_of(id).parts(obj, self.catalog)
            self._made[id] = [self._with_attributes(part, id) for part in parts]
        return self._made[id]

    def absorbed(self, ids: Iterable[ObjectId]) -> frozenset[ObjectId]:
        """Which of ``ids`` another one's parts provide (columns come with their new table), so that they need no steps.

        What provides them must not itself be provided by another: a default comes with its column's ADD COLUMN, but
        not with the column that CREATE TABLE makes.
        """
        wanted = set(ids)
        provided = {id: {p for part in self.of(id) for p in part.provides if p != id and p in wanted} for id in wanted}
        inner = {p for found in provided.values() for p in found}
        return frozenset(p for id, found in provided.items() if id not in inner for p in found)

    def absorbed_by(self, makers: Iterable[ObjectId]) -> frozenset[ObjectId]:
        """What the parts of ``makers`` provide beside themselves."""
        return frozenset(p for m in makers if m in self.catalog for part in self.of(m) for p in part.provides if p != m)

    def _with_attributes(self, part: Part, id: ObjectId) -> Part:
        provided = sorted(p for p in part.provides if p in self.catalog)
        objects = sorted((self.catalog[p] for p in provided), key=lambda o: o.id != id)
        statements = [s for o in objects for s in self.attributes(o.id)]
        return replace(part, create=(*part.create, *statements)) if statements else part

    def attributes(self, id: ObjectId) -> list[Statement]:
        """What sets comment, grants and owner of an object that was just made."""
        obj, kind = self.catalog[id], kind_of(id)
        statements: list[Statement] = []
        if self.settings.owners and kind.owned and obj.owner:
            statements += kind.owner_statements(obj, obj.owner)
        if self.settings.grants:
            statements += self._grants(obj)
        if obj.comment is not None:
            statements += kind.comment_statements(obj, obj.comment)
        return [replace(s, lock=s.lock.NONE) for s in statements]

    def _grants(self, obj: DbObject) -> list[Statement]:
        kind, major = kind_of(obj.id), self.catalog.major
        owner = obj.owner if self.settings.owners else ""

        def change(old: Iterable[Grant], new: Iterable[Grant]) -> list[Statement]:
            return kind.grant_statements(obj, old, new, owner)

        built_in, wanted = kind.default_grants(major), kind.effective_grants(obj, major)
        statements = grants_at_birth(obj.id, self.default_privileges, built_in, wanted, change)
        if isinstance(obj, Column) and obj.identity is not None:
            statements += sequence_grants(obj.identity, self.default_privileges)
        return statements
