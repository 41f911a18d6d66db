"""What the kinds of types that ``CREATE TYPE`` makes have in common."""

from __future__ import annotations

from migplan.core.model import O
from migplan.core.sql import ident, sql
from migplan.core.steps import Statement
from migplan.kinds import _acl
from migplan.kinds.base import Kind


class NamedTypeKind(Kind[O]):
    """A type with an owner, USAGE as its privilege, and a name that it can be set aside under."""

    keyword = "TYPE"
    privileges = _acl.TYPE
    owned = True

    def set_aside(self, obj: O, name: str) -> list[Statement] | None:
        return [Statement(sql("ALTER {} RENAME TO {}", self.reference(obj), ident(name)))]
