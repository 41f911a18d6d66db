"""Partitions and their parents: attaching, detaching, and the indexes that come along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import deparsed, ident, sql
from migplan.core.steps import LockMode, Statement

AX = LockMode.ACCESS_EXCLUSIVE


def attached_indexes(table: ObjectId, catalog: Catalog) -> frozenset[ObjectId]:
    """Made before the partition is attached, so that PostgreSQL takes them instead of building its own."""
    return frozenset(
        o.id
        for o in catalog.members.get(table, ())
        if getattr(o, "parent", None) is not None or getattr(o, "index_parent", None) is not None
    )


def ready_indexes(table: ObjectId, catalog: Catalog) -> frozenset[ObjectId]:
    """The same, with what makes those of a partitioned partition valid: PostgreSQL takes no invalid one."""
    attached = attached_indexes(table, catalog)
    return attached | {attachment(child) for id in attached for child in _hanging(id, catalog)}


def _hanging(index: ObjectId, catalog: Catalog) -> Iterator[ObjectId]:
    """What hangs on it, over whatever levels."""
    for child in catalog.index_children.get(index, frozenset()):
        yield child
        yield from _hanging(child, catalog)


INDEX_KINDS = frozenset({"index", "constraint"})


def attachment(id: ObjectId) -> ObjectId:
    """What is provided once a partition (or an index of one) hangs on its parent."""
    return id.child("attachment", "")


class Partition(Protocol):
    """What can hang on a partitioned table: a table or a foreign table."""

    @property
    def id(self) -> ObjectId: ...
    @property
    def partition_of(self) -> ObjectId | None: ...
    @property
    def bound(self) -> str | None: ...


def attach_partition(table: Partition) -> Statement:
    """``ALTER TABLE ONLY parent ATTACH PARTITION …``."""
    assert table.partition_of is not None
    assert table.bound is not None
    command = sql(
        "ALTER TABLE ONLY {} ATTACH PARTITION {} {}",
        ident(*table.partition_of.path),
        ident(*table.id.path),
        deparsed(table.bound),
    )
    return Statement(command, AX, scan=True)


def detach_partition(table: Partition) -> Statement:
    """``ALTER TABLE ONLY parent DETACH PARTITION …``."""
    assert table.partition_of is not None
    parent = ident(*table.partition_of.path)
    return Statement(sql("ALTER TABLE ONLY {} DETACH PARTITION {}", parent, ident(*table.id.path)), AX)
