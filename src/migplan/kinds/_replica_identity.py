"""By what logical replication tells the rows of a table; a materialized view can be given such a thing as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from migplan.core.ids import ObjectId
from migplan.core.sql import Sql, ident, sql
from migplan.core.steps import LockMode, Part, Statement

REPLICA_IDENTITY: Final = """
c.relreplident::text,
       CASE WHEN c.relreplident = 'i' THEN (
         SELECT ARRAY[CASE WHEN k.oid IS NULL THEN 'index' ELSE 'constraint' END, ri.relname::text]
           FROM pg_index x JOIN pg_class ri ON ri.oid = x.indexrelid
           LEFT JOIN pg_constraint k
             ON k.conindid = x.indexrelid AND k.conrelid = x.indrelid AND k.contype IN ('p', 'u', 'x')
          WHERE x.indrelid = c.oid AND x.indisreplident LIMIT 1) END"""
"""Two columns about the relation ``c``, which :func:`replica_identity` takes."""
_CLAUSES: Final = {"d": "DEFAULT", "f": "FULL", "n": "NOTHING"}


class Identified(Protocol):
    """What has rows that are told apart: by ``d``, ``f``, ``n`` or the id of an index or constraint."""

    @property
    def id(self) -> ObjectId: ...
    @property
    def replica_identity(self) -> str | ObjectId: ...


def replica_identity(relation: ObjectId, letter: str, index: Sequence[str] | None) -> str | ObjectId:
    """What the two columns say; an index that is gone leaves the default."""
    if letter != "i" or index is None:
        return "d" if letter == "i" else letter
    kind, name = index
    return relation.child("constraint", name) if kind == "constraint" else ObjectId("index", (relation.path[0], name))


def set_replica_identity(relation: Identified) -> list[Statement]:
    """The statement for the relation's own."""
    identity = relation.replica_identity
    named = isinstance(identity, ObjectId)
    return [_set(relation.id, sql("USING INDEX {}", ident(identity.path[-1])) if named else Sql(_CLAUSES[identity]))]


def other_identity(one: Identified, other: Identified) -> frozenset[ObjectId]:
    """The index or constraint that tells the rows of the one and not of the other: PostgreSQL records no dependency."""
    found = one.replica_identity
    return frozenset({found} if isinstance(found, ObjectId) and found != other.replica_identity else ())


def identity_part(relation: Identified) -> list[Part]:
    """Where an index tells the rows, that is said once it is there."""
    identity = relation.replica_identity
    if not isinstance(identity, ObjectId):
        return []
    provided, used = frozenset({relation.id.child("replica_identity", "")}), frozenset({relation.id, identity})
    return [Part(tuple(set_replica_identity(relation)), (_set(relation.id, Sql("DEFAULT")),), provided, used)]


def _set(relation: ObjectId, clause: Sql) -> Statement:
    """ALTER TABLE, for materialized views as well, as pg_dump says it."""
    command = sql("ALTER TABLE {} REPLICA IDENTITY {}", ident(*relation.path), clause)
    return Statement(command, LockMode.ACCESS_EXCLUSIVE)
