"""Rewrite rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.rebuild import assert_both_ways, assert_made_again

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TABLE = "CREATE TABLE t (id int, n text); CREATE VIEW v AS SELECT id, n FROM t;"
ALL = """
CREATE RULE "On Insert" AS ON INSERT TO v DO INSTEAD INSERT INTO t VALUES (new.id, new.n) RETURNING id, n;
CREATE RULE several AS ON UPDATE TO t WHERE old.id > 5
  DO ALSO (DELETE FROM t WHERE id = 7; INSERT INTO t VALUES (8));
CREATE RULE nothing AS ON DELETE TO t DO INSTEAD NOTHING;
ALTER TABLE t DISABLE RULE several;
ALTER TABLE t ENABLE ALWAYS RULE nothing;
COMMENT ON RULE several ON t IS 'r';
"""


def test_every_attribute_survives(make_db: MakeDb) -> None:
    assert_made_again(make_db, TABLE + ALL)


def test_replaced_in_place_and_stays_disabled(make_db: MakeDb) -> None:
    rest = "COMMENT ON RULE r ON t IS 'r'; ALTER TABLE t DISABLE RULE r"
    steps = assert_both_ways(
        make_db,
        TABLE,
        f"CREATE RULE r AS ON UPDATE TO t DO ALSO SELECT 1; {rest}",
        f"CREATE RULE r AS ON INSERT TO t WHERE new.id > 5 DO INSTEAD SELECT 2; {rest}",
    )
    assert steps == {"alter:rule:public.t.r"}


def test_enabled_changes_in_place(make_db: MakeDb) -> None:
    rule = "CREATE RULE r AS ON UPDATE TO t DO ALSO SELECT 1"
    steps = assert_both_ways(make_db, TABLE, rule, f"{rule}; ALTER TABLE t ENABLE REPLICA RULE r")
    assert steps == {"alter:rule:public.t.r"}
