"""Triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.plans import catalog
from tests.support.rebuild import assert_both_ways, assert_made_again

from migplan.core.ids import ObjectId
from migplan.kinds.trigger import Trigger

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TABLES = """
CREATE TABLE t (id int, n text); CREATE VIEW v AS SELECT id FROM t;
CREATE TABLE p (id int, d date) PARTITION BY RANGE (d);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY RANGE (d);
CREATE TABLE p11 PARTITION OF p1 FOR VALUES FROM ('2020-01-01') TO ('2020-06-01');
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
"""
ALL = r"""
CREATE TRIGGER columns BEFORE INSERT OR UPDATE OF n, id ON t FOR EACH ROW WHEN (new.n <> 'x') EXECUTE FUNCTION f();
CREATE TRIGGER tables AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS "N" EXECUTE FUNCTION f('it''s', '\');
CREATE TRIGGER instead INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f();
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER truncates AFTER TRUNCATE ON t EXECUTE FUNCTION f();
CREATE TRIGGER tree AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER off AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
ALTER TABLE t DISABLE TRIGGER columns, ENABLE REPLICA TRIGGER tables, ENABLE ALWAYS TRIGGER late;
ALTER TABLE p DISABLE TRIGGER off;
ALTER TABLE p11 DISABLE TRIGGER tree;
ALTER TABLE p2 ENABLE ALWAYS TRIGGER off;
COMMENT ON TRIGGER columns ON t IS 'c';
"""


def test_every_attribute_survives(make_db: MakeDb) -> None:
    found = assert_made_again(make_db, TABLES + ALL)
    assert len(list(found.of(Trigger))) == 7


def test_clones_that_fire_at_other_times(make_db: MakeDb) -> None:
    found = catalog(make_db(TABLES + ALL)).get(ObjectId("trigger", ("public", "p", "off")), Trigger)
    assert found is not None
    assert found.clones == (("public", "p2", "A"),)


IN_PLACE = (
    ("TRIGGER g BEFORE INSERT ON t FOR EACH ROW", "TRIGGER g BEFORE DELETE ON t FOR EACH ROW WHEN (old.id > 1)"),
    ("TRIGGER g BEFORE INSERT ON t FOR EACH ROW", "TRIGGER g AFTER INSERT ON t FOR EACH STATEMENT"),
    ("TRIGGER g AFTER INSERT ON p FOR EACH ROW", "TRIGGER g AFTER INSERT OR UPDATE ON p FOR EACH ROW"),
)
REBUILT = (
    ("CONSTRAINT TRIGGER g AFTER INSERT ON t FOR EACH ROW", "TRIGGER g AFTER INSERT ON t FOR EACH ROW"),
    ("CONSTRAINT TRIGGER g AFTER INSERT ON t FOR EACH ROW", "CONSTRAINT TRIGGER g AFTER DELETE ON t FOR EACH ROW"),
)


@pytest.mark.parametrize(("old", "new"), IN_PLACE)
def test_replaced_in_place_and_stays_disabled(make_db: MakeDb, old: str, new: str) -> None:
    table = "p" if " p " in old else "t"
    rest = f"EXECUTE FUNCTION f(); COMMENT ON TRIGGER g ON {table} IS 'g'; ALTER TABLE {table} DISABLE TRIGGER g;"
    if table == "p":
        rest += "ALTER TABLE p2 ENABLE ALWAYS TRIGGER g"
    steps = assert_both_ways(make_db, TABLES, f"CREATE {old} {rest}", f"CREATE {new} {rest}")
    assert steps == {f"alter:trigger:public.{table}.g"}


@pytest.mark.parametrize(("old", "new"), REBUILT)
def test_constraint_triggers_are_rebuilt(make_db: MakeDb, old: str, new: str) -> None:
    rest = "EXECUTE FUNCTION f(); ALTER TABLE t DISABLE TRIGGER g"
    steps = assert_both_ways(make_db, TABLES, f"CREATE {old} {rest}", f"CREATE {new} {rest}")
    assert steps == {"drop:trigger:public.t.g", "create:trigger:public.t.g"}


STATES = (
    ("ALTER TABLE p2 DISABLE TRIGGER g", ""),
    ("ALTER TABLE p DISABLE TRIGGER g", "ALTER TABLE p DISABLE TRIGGER g; ALTER TABLE p11 ENABLE TRIGGER g"),
    ("ALTER TABLE p1 DISABLE TRIGGER g", "ALTER TABLE p ENABLE ALWAYS TRIGGER g; ALTER TABLE p2 DISABLE TRIGGER g"),
)


@pytest.mark.parametrize(("old", "new"), STATES)
def test_partitions_of_their_own_mind(make_db: MakeDb, old: str, new: str) -> None:
    trigger = "CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();"
    assert assert_both_ways(make_db, TABLES, trigger + old, trigger + new) == {"alter:trigger:public.p.g"}


def test_trigger_is_carried_through_the_change_of_its_column(make_db: MakeDb) -> None:
    function = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';"
    trigger = """
      CREATE TRIGGER g BEFORE UPDATE OF n ON t FOR EACH ROW WHEN (new.n IS NOT NULL) EXECUTE FUNCTION f();
      ALTER TABLE t DISABLE TRIGGER g; COMMENT ON TRIGGER g ON t IS 'g'"""
    assert_both_ways(
        make_db,
        function,
        f"CREATE TABLE t (id int PRIMARY KEY, n varchar(5)); {trigger}",
        f"CREATE TABLE t (id int PRIMARY KEY, n varchar(9)); {trigger}",
    )
