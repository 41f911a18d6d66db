"""Columns of tables and foreign tables, with what belongs to them: type, NOT NULL, identity, generation, storage."""

from __future__ import annotations

from dataclasses import field

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.packed import Packed, packed
from migplan.core.sql import Sql, ident, sql
from migplan.kinds.identity import Identity


@packed
class NotNull(Packed):
    """A NOT NULL constraint; ``name`` only where it isn't the one that PostgreSQL 18 would give by itself.

    An inherited one bears its parent's name or its own, as its history was: ``given`` is no difference. It is ``local``
    where it was (also) declared here, which PostgreSQL knows from 18 on. Fingerprints are made of what is printed, so
    that neither is in there.
    """

    name: str | None = None
    given: str | None = field(default=None, compare=False, repr=False)
    local: bool = field(default=True, compare=False, repr=False)
    no_inherit: bool = False
    valid: bool = True
    comment: str | None = None


@packed
class Column(DbObject):
    """A column of ``relation``. ``collation`` only where it isn't the type's, ``storage`` likewise.

    ``generated`` is the deparsed expression, ``virtual`` tells 18's virtual columns from stored ones.
    ``inherited`` columns follow those of a parent; ``local`` ones were (also) declared here. ``using`` and ``reverse``
    are the directives' expressions that make a declared column out of the present row, and the present one out of it.
    ``unconstrained`` is the type beneath a domain that has constraints, ``required`` tells that those refuse NULL: the
    domain itself may belong to an extension, or to a schema that isn't managed.
    """

    relation: ObjectId = field(compare=False)
    position: int = field(compare=False)
    type: str
    collation: str | None = None
    not_null: NotNull | None = None
    identity: Identity | None = None
    generated: str | None = None
    virtual: bool = False
    storage: str | None = None
    compression: str | None = None
    statistics: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    fdw_options: tuple[tuple[str, str], ...] = ()
    inherited: bool = field(default=False, compare=False)
    local: bool = field(default=True, compare=False)
    using: str | None = field(default=None, compare=False)
    reverse: str | None = field(default=None, compare=False)
    unconstrained: str | None = field(default=None, compare=False, repr=False)
    required: bool = field(default=False, compare=False, repr=False)

    @property
    def table(self) -> ObjectId | None:
        return self.relation

    @property
    def name(self) -> str:
        """The column's raw name."""
        return self.id.path[-1]


TYPE_KINDS = frozenset({"enum", "domain", "composite_type", "range", "collation"})


def relation_clause(column: Column) -> Sql:
    """What ALTER says of the column's relation: ``TABLE name`` or ``FOREIGN TABLE name``."""
    keyword = Sql("FOREIGN TABLE" if column.relation.kind == "foreign_table" else "TABLE")
    return sql("{} {}", keyword, ident(*column.relation.path))
