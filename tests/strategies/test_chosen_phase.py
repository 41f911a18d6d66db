"""The directive phase moves a change to the other side of the checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.windows import Shape, plan, there_and_back

from migplan.core.ids import ObjectId

if TYPE_CHECKING:
    from tests.conftest import MakeDb

COMMON = """
CREATE TABLE t (id int PRIMARY KEY, a int); ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
"""
TRIGGER = "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();"
POLICY = "CREATE POLICY mine ON t USING (a = {});"
FUNCTION = "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT {}';"
DEFAULT = "ALTER TABLE t ALTER a SET DEFAULT {};"
CHANGES = {
    "function": (FUNCTION.format(1), FUNCTION.format(2), ("function", "public", "f", "integer"), "alter:f(integer)"),
    "trigger": ("", TRIGGER, ("trigger", "public", "t", "g"), "create:t.g"),
    "policy": (POLICY.format(1), POLICY.format(2), ("policy", "public", "t", "mine"), "alter:t.mine"),
    "default": (DEFAULT.format(1), DEFAULT.format(2), ("column", "public", "t", "a"), "alter:t.a"),
}


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize(("phase", "place"), [("expand", "0 expand"), ("contract", "1 contract")])
def test_change_stands_where_it_is_told(make_db: MakeDb, kind: str, phase: str, place: str) -> None:
    old, new, path, step = CHANGES[kind]
    directive = (ObjectId(path[0], path[1:]), "phase", phase)
    found = plan(make_db, COMMON + old, COMMON + new, directives=[directive])
    assert [s[:2] for s in found.shapes] == [Shape(place, step, "")[:2]]
    there_and_back(found)


@pytest.mark.parametrize(
    ("kind", "place"),
    [("function", "0 expand"), ("trigger", "0 expand"), ("policy", "1 contract"), ("default", "0 expand")],
)
def test_where_nothing_is_said(make_db: MakeDb, kind: str, place: str) -> None:
    old, new, _, _ = CHANGES[kind]
    assert [s.place for s in plan(make_db, COMMON + old, COMMON + new).shapes] == [place]
