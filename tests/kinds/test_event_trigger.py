"""Event triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.rebuild import assert_both_ways, assert_made_again

if TYPE_CHECKING:
    from tests.conftest import MakeDb

FUNCTION = "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
ALL = """
CREATE EVENT TRIGGER a ON ddl_command_end WHEN TAG IN ('CREATE VIEW', 'CREATE SEQUENCE') EXECUTE FUNCTION f();
CREATE EVENT TRIGGER "B b" ON sql_drop EXECUTE FUNCTION f();
ALTER EVENT TRIGGER a ENABLE REPLICA;
ALTER EVENT TRIGGER "B b" DISABLE;
COMMENT ON EVENT TRIGGER "B b" IS 'b';
"""


def test_every_attribute_survives(make_db: MakeDb) -> None:
    assert_made_again(make_db, FUNCTION + ALL)


def test_enabled_changes_in_place(make_db: MakeDb) -> None:
    trigger = "CREATE EVENT TRIGGER a ON sql_drop EXECUTE FUNCTION f();"
    steps = assert_both_ways(make_db, FUNCTION, trigger, trigger + "ALTER EVENT TRIGGER a ENABLE ALWAYS")
    assert steps == {"alter:event_trigger:a"}


def test_other_tags_rebuild_it(make_db: MakeDb) -> None:
    rest = "EXECUTE FUNCTION f(); COMMENT ON EVENT TRIGGER a IS 'a'"
    old, new = "CREATE EVENT TRIGGER a ON sql_drop", "CREATE EVENT TRIGGER a ON sql_drop WHEN TAG IN ('DROP VIEW')"
    steps = assert_both_ways(make_db, FUNCTION, f"{old} {rest}", f"{new} {rest}")
    assert {"drop:event_trigger:a", "create:event_trigger:a"} <= steps
