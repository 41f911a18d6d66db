"""The four things that can happen to an object between two catalogs."""

from __future__ import annotations

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.records import record


@record
class Create:
    """The object is declared and not there."""

    new: DbObject

    @property
    def id(self) -> ObjectId:
        """The new object's id."""
        return self.new.id


@record
class Drop:
    """The object is there and not declared."""

    old: DbObject

    @property
    def id(self) -> ObjectId:
        """The old object's id."""
        return self.old.id


@record
class Alter:
    """The object is there and declared otherwise; ``fields`` are the names of what differs."""

    old: DbObject
    new: DbObject
    fields: frozenset[str]

    @property
    def id(self) -> ObjectId:
        """The new object's id."""
        return self.new.id


@record
class Rename:
    """A directive says that the declared ``new`` is the live ``old`` under another name."""

    old: ObjectId
    new: ObjectId


Change = Create | Drop | Alter
