"""Both versions of the application work at every moment: they write at full speed while a plan runs, up and down."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from tests.support.applications import Session, Version, statements
from tests.support.migrations import proved, psql, run
from tests.support.traffic import traffic_while

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

LARGE = "[planning]\nsmall_table_rows = 0\n"
OLD = """
CREATE TABLE item (
  id int PRIMARY KEY,
  amount int NOT NULL DEFAULT 5 CHECK (amount >= 0),
  seen timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX item_amount ON item (amount);
CREATE VIEW amounts AS SELECT id, amount FROM item;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.seen := clock_timestamp(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON item FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO item SELECT g, g FROM generate_series(100000, 103000) g;
"""
DECLARED = OLD[: OLD.index("INSERT INTO")]
RENAMED = (
    DECLARED.replace("  amount int", "  -- migplan: renamed-from amount\n  quantity int")
    .replace("(amount", "(quantity")
    .replace("id, amount", "id, quantity AS amount")
)
WIDER = DECLARED.replace("id int", "id bigint").replace("amount int", "amount bigint")
TEXT = (
    DECLARED.replace("amount int", "amount text")
    .replace("DEFAULT 5", "DEFAULT '5'")
    .replace("amount >= 0", "amount <> ''")
)
BOTH = RENAMED.replace("id int", "id bigint").replace("quantity int", "quantity bigint")

OLD_APPLICATION = Version("old", **statements("item", "id", "amount", "::int"))
OF_DOMAIN = "CREATE DOMAIN count_of AS int DEFAULT 7;\n" + OLD.replace("int NOT NULL DEFAULT 5", "count_of NOT NULL")
RENAMED_OF_DOMAIN = "CREATE DOMAIN count_of AS int DEFAULT 7;\n" + RENAMED.replace(
    "int NOT NULL DEFAULT 5", "count_of NOT NULL"
)
INTO_DOMAIN = "CREATE DOMAIN count_of AS bigint DEFAULT 7;\n" + DECLARED.replace(
    "int NOT NULL DEFAULT 5", "count_of NOT NULL"
)
NEW_APPLICATION = Version("new", **statements("item", "id", "quantity", "::int"))


@pytest.mark.parametrize(
    ("old", "declared", "after", "config"),
    [
        pytest.param(OLD, RENAMED, NEW_APPLICATION, "", id="rename-small"),
        pytest.param(OLD, RENAMED, NEW_APPLICATION, LARGE, id="rename-large"),
        pytest.param(OLD, WIDER, OLD_APPLICATION, LARGE, id="int-to-bigint-with-key"),
        pytest.param(OLD, TEXT, OLD_APPLICATION, LARGE, id="int-to-text"),
        pytest.param(OLD, BOTH, NEW_APPLICATION, LARGE, id="rename-and-widen"),
        pytest.param(OF_DOMAIN, RENAMED_OF_DOMAIN, NEW_APPLICATION, LARGE, id="rename-of-domain-with-default"),
        pytest.param(OLD, INTO_DOMAIN, OLD_APPLICATION, LARGE, id="int-to-domain-with-default"),
    ],
)
def test_no_error_and_no_lost_write(
    make_db: MakeDb, tmp_path: Path, old: str, declared: str, after: Version, config: str
) -> None:
    found = proved(make_db, tmp_path, old, declared, config=config)
    assert len(found.plan.windows) == 2
    for direction in ("up", "down"):
        traffic_while(found, direction, OLD_APPLICATION, after)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('CREATE TRIGGER "~migplan_sync" BEFORE INSERT OR UPDATE ON', id="no-trigger"),
        pytest.param("UNIQUE INDEX", id="no-unique-index"),
    ],
)
def test_the_harness_notices_what_is_missing(make_db: MakeDb, tmp_path: Path, line: str) -> None:
    """Without a line of the plan some session fails, or a write is lost: the tests above can fail."""
    renamed = RENAMED.replace("  id int", "  -- migplan: renamed-from id\n  item_id int").replace(
        "SELECT id", "SELECT item_id AS id"
    )
    found = proved(make_db, tmp_path, OLD, renamed)
    for window in found.plan.windows[:1]:
        for phase in window.phases:
            kept = [text for text in found.folder.files[phase.up].splitlines() if line not in text]
            psql(found.live, "\n".join(kept))
    sessions = [
        Session(found.live, OLD_APPLICATION, 100).start(),
        Session(found.live, Version("new", **statements("item", "item_id", "quantity")), 200).start(),
    ]
    time.sleep(1)
    for session in sessions:
        session.stop()
    assert sessions[0].errors or sessions[1].errors


@pytest.mark.pg(18)
@pytest.mark.parametrize("restated", [True, False])
def test_functions_that_remember_the_old_type(make_db: MakeDb, tmp_path: Path, *, restated: bool) -> None:
    """Sessions keep a PL/pgSQL function's plans: without its restatement in the swap they fail for as long as they live."""
    body = "BEGIN IF NEW.amount > 1000000 THEN RETURN NULL; END IF; NEW.seen"
    old, declared = OLD.replace("BEGIN NEW.seen", body), WIDER.replace("BEGIN NEW.seen", body)
    found = proved(make_db, tmp_path, old, declared, config=LARGE)
    session = Session(found.live, OLD_APPLICATION, 100).start()
    for phase in found.phases:
        text = found.folder.files[phase.up]
        psql(found.live, text if restated else re.sub(r"(?m)^ALTER FUNCTION .*\n", "", text))
    rounds = session.rounds
    while session.rounds < rounds + 2 and not session.errors:
        time.sleep(0.02)
    session.stop()
    assert any("type of parameter" in error for error in session.errors) is not restated
    assert session.errors == [] or not restated


@pytest.mark.pg(18)
def test_equal_is_not_the_same(make_db: MakeDb, tmp_path: Path) -> None:
    """citext, a collation that isn't deterministic and numeric take for equal what isn't the same: it is written as well.
    Columns of two collations are compared all the same."""
    old = """CREATE EXTENSION citext;
CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE item (id int PRIMARY KEY, a citext, b text COLLATE ci, c numeric, d text COLLATE "C");
CREATE INDEX ON item (d);
"""
    kinds = {"a": "citext", "b": "text", "c": "numeric"}
    declared = old.replace('d text COLLATE "C"', "d text")
    for name, kind in kinds.items():
        declared = declared.replace(f"{name} {kind}", f"\n-- migplan: renamed-from {name}\n{name}2 {kind}")
    found = proved(make_db, tmp_path, old + "INSERT INTO item VALUES (1, 'x', 'x', 1.0, 'x');", declared, config=LARGE)
    for phase in found.plan.windows[0].phases:
        psql(found.live, found.folder.files[phase.up])
    psql(found.live, "UPDATE item SET a = 'X', b = 'X', c = 1.00")
    assert run(found.live, "SELECT a2::text, b2, c2::text FROM item") == [("X", "X", "1.00")]
    psql(found.live, "UPDATE item SET a2 = 'x', b2 = 'x', c2 = 1.0")
    assert run(found.live, "SELECT a::text, b, c::text FROM item") == [("x", "x", "1.0")]
    for phase in found.plan.windows[1].phases:
        psql(found.live, found.folder.files[phase.up])
