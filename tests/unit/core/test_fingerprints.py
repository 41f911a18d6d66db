"""Equal objects have equal fingerprints: what is no difference is no drift."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject, fingerprint_of
from migplan.core.packed import packed
from migplan.kinds.column import Column, NotNull


def test_a_not_null_of_another_descent() -> None:
    table = ObjectId("table", ("public", "part"))
    own = Column(
        id=table.child("column", "id"),
        owner="me",
        relation=table,
        position=1,
        type="integer",
        not_null=NotNull(given="part_id_not_null"),
    )
    attached = replace(own, not_null=NotNull(given="whole_id_not_null", local=False), inherited=True, local=False)
    assert own == attached
    assert fingerprint_of(own) == fingerprint_of(attached)
    assert fingerprint_of(own) != fingerprint_of(replace(own, not_null=NotNull(valid=False)))


def _earlier() -> Callable[..., DbObject]:
    @packed
    class Thing(DbObject):
        """A thing as this version reads it."""

        size: int = 0

    return Thing


def _later() -> Callable[..., DbObject]:
    @packed
    class Thing(DbObject):
        """The same thing as a later version reads it."""

        size: int = 0
        colour: str | None = None

    return Thing


def test_what_a_later_version_reads_besides_changes_no_digest() -> None:
    made: dict[str, Any] = {"id": ObjectId("thing", ("public", "one")), "size": 1}
    earlier, later = _earlier(), _later()
    assert fingerprint_of(earlier(**made)) == fingerprint_of(later(**made))
    assert fingerprint_of(later(**made)) != fingerprint_of(later(**made, colour="red"))
