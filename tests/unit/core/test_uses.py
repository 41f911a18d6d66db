"""Who stands on whom, both ways, against the plain way of working it out."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.packed import packed
from migplan.core.uses import Users, Uses

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("a", "b", "c")


@packed
class Member(DbObject):
    """Something that belongs to a table."""

    relation: ObjectId

    @property
    def table(self) -> ObjectId:
        return self.relation


def _objects() -> dict[ObjectId, DbObject]:
    schemas = [DbObject(id=ObjectId("schema", (name,))) for name in NAMES[:2]]
    tables = [DbObject(id=ObjectId("table", (schema, name))) for schema in NAMES for name in NAMES]
    columns = [Member(id=t.id.child("column", name), relation=t.id) for t in tables for name in NAMES[:2]]
    return {o.id: o for o in (*schemas, *tables, *columns)}


OBJECTS = _objects()
RECORDED = st.dictionaries(st.sampled_from(list(OBJECTS)), st.lists(st.sampled_from(list(OBJECTS)), max_size=4))


def _plainly(recorded: Mapping[ObjectId, list[ObjectId]]) -> dict[ObjectId, frozenset[ObjectId]]:
    found: dict[ObjectId, frozenset[ObjectId]] = {}
    for id, obj in OBJECTS.items():
        schema = ObjectId("schema", id.path[:1])
        structure = {obj.table, schema if schema in OBJECTS else None} - {None, id}
        found[id] = frozenset([*recorded.get(id, ()), *(on for on in structure if on is not None)])
    return found


@settings(deadline=None)
@given(RECORDED)
def test_uses_and_users(recorded: dict[ObjectId, list[ObjectId]]) -> None:
    recorded = {id: [on for on in used if on != id] for id, used in recorded.items()}
    plain, uses = _plainly(recorded), Uses(recorded, OBJECTS)
    assert uses == plain
    users: dict[ObjectId, set[ObjectId]] = {}
    for user, used in plain.items():
        for id in used:
            users.setdefault(id, set()).add(user)
    assert Users(uses) == Users(plain) == users
    assert len(Users(uses)) == len(users)
    assert Users(uses).get(ObjectId("table", ("x", "y"))) is None
    assert pickle.loads(pickle.dumps(uses)) == plain
