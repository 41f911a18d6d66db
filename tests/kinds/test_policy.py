"""Row-level security policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.plans import catalog
from tests.support.rebuild import assert_both_ways, assert_made_again

from migplan.core.ids import ObjectId
from migplan.kinds.policy import Policy, PolicyKind

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TABLES = "CREATE TABLE o (id int); CREATE TABLE t (id int, n text); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
ALL = """
CREATE POLICY a ON t USING (id > 0);
CREATE POLICY "B b" ON t AS RESTRICTIVE FOR UPDATE TO pg_monitor, pg_read_all_stats
  USING (n = current_user) WITH CHECK (id IN (SELECT id FROM o));
CREATE POLICY c ON t FOR INSERT WITH CHECK (true);
CREATE POLICY d ON t FOR SELECT TO pg_monitor USING (true);
CREATE POLICY e ON t FOR DELETE;
COMMENT ON POLICY "B b" ON t IS 'b';
"""


def test_every_attribute_survives(make_db: MakeDb) -> None:
    assert_made_again(make_db, TABLES + ALL)


IN_PLACE = (
    ("USING (id > 0)", "TO pg_monitor USING (id > 1)"),
    ("TO pg_monitor USING (true)", "TO PUBLIC USING (id IN (SELECT id FROM o))"),
    ("FOR UPDATE USING (id > 0) WITH CHECK (id > 1)", "FOR UPDATE USING (id > 0) WITH CHECK (id > 2)"),
)
REBUILT = (
    ("USING (true)", "AS RESTRICTIVE USING (true)"),
    ("FOR SELECT USING (true)", "FOR UPDATE USING (true)"),
    ("USING (id > 0) WITH CHECK (id > 1)", "USING (id > 0)"),
)


@pytest.mark.parametrize(("old", "new"), IN_PLACE)
def test_altered_in_place(make_db: MakeDb, old: str, new: str) -> None:
    steps = assert_both_ways(make_db, TABLES, f"CREATE POLICY a ON t {old}", f"CREATE POLICY a ON t {new}")
    assert steps == {"alter:policy:public.t.a"}


@pytest.mark.parametrize(("old", "new"), REBUILT)
def test_rebuilt(make_db: MakeDb, old: str, new: str) -> None:
    rest = "; COMMENT ON POLICY a ON t IS 'a'"
    steps = assert_both_ways(make_db, TABLES, f"CREATE POLICY a ON t {old}{rest}", f"CREATE POLICY a ON t {new}{rest}")
    assert steps == {"drop:policy:public.t.a", "create:policy:public.t.a"}


def _policy(clauses: str, make_db: MakeDb) -> Policy:
    url = make_db(f"{TABLES} CREATE POLICY a ON t {clauses}")
    found = catalog(url).get(ObjectId("policy", ("public", "t", "a")), Policy)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("old", "new", "tightens"),
    [
        ("TO pg_monitor USING (true)", "USING (true)", False),
        ("USING (true)", "TO pg_monitor USING (true)", True),
        ("AS RESTRICTIVE USING (true)", "AS RESTRICTIVE TO pg_monitor USING (true)", False),
        ("USING (id > 0)", "USING (id > 1)", True),
    ],
)
def test_what_tightens_waits_for_the_deploy(make_db: MakeDb, old: str, new: str, *, tightens: bool) -> None:
    contract = PolicyKind().contract(_policy(old, make_db), _policy(new, make_db))
    assert (contract is not None) == tightens
