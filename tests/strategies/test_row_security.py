"""Row security and its policies come and go in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.windows import Shape, plan, there_and_back

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TABLE = "CREATE TABLE t (id int PRIMARY KEY, a int);"
SECURED = """
ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;
CREATE POLICY few ON t AS RESTRICTIVE USING (a > 2); CREATE POLICY mine ON t USING (a > 1);
"""
ROWS = "INSERT INTO t SELECT g, g FROM generate_series(1, 9) g"
AX = "ACCESS EXCLUSIVE"


def test_enabled_with_its_policies_after_the_deploy(make_db: MakeDb) -> None:
    found = plan(make_db, TABLE, TABLE + SECURED, rows=ROWS)
    steps = ["create:t.few", "create:t.mine", "secure:t"]
    assert found.shapes == [Shape("1 contract", step, AX) for step in steps]
    assert len(found.draft.segments) == 1
    assert found.step("secure:t").deploy == "sets the context that the policies of table public.t ask for"
    there_and_back(found)


def test_disabled_before_its_policies_go(make_db: MakeDb) -> None:
    found = plan(make_db, TABLE + SECURED, TABLE, rows=ROWS)
    steps = ["unsecure:t", "drop:t.few", "drop:t.mine"]
    assert found.shapes == [Shape("0 expand", step, AX) for step in steps]
    assert len(found.draft.segments) == 1
    there_and_back(found)


def test_another_permissive_policy_may_come_at_once(make_db: MakeDb) -> None:
    found = plan(make_db, TABLE + SECURED, TABLE + SECURED + "CREATE POLICY more ON t USING (a = 0)", rows=ROWS)
    assert found.shapes == [Shape("0 expand", "create:t.more", AX)]
    there_and_back(found)


def test_what_a_policy_permits_goes_after_the_deploy(make_db: MakeDb) -> None:
    found = plan(make_db, TABLE + SECURED + "CREATE POLICY more ON t USING (a = 0)", TABLE + SECURED, rows=ROWS)
    assert found.shapes == [Shape("1 contract", "drop:t.more", AX)]
    there_and_back(found)


def test_restrictive_policy_comes_after_the_deploy(make_db: MakeDb) -> None:
    restrictive = "CREATE POLICY less ON t AS RESTRICTIVE USING (a = 0)"
    found = plan(make_db, TABLE + SECURED, TABLE + SECURED + restrictive, rows=ROWS)
    assert found.shapes == [Shape("1 contract", "create:t.less", AX)]
    there_and_back(found)


def test_forced_upon_the_owner_after_the_deploy(make_db: MakeDb) -> None:
    forced = SECURED.replace("ALTER TABLE t FORCE ROW LEVEL SECURITY;", "")
    found = plan(make_db, TABLE + forced, TABLE + SECURED, rows=ROWS)
    assert found.shapes == [Shape("1 contract", "alter:t", AX)]
    there_and_back(found)
