"""Equal objects have equal fingerprints: what is no difference is no drift."""

from __future__ import annotations

from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import fingerprint_of
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
