"""Which indexes serve a foreign key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import MakeDb
    from tests.findings.conftest import Find

TABLES = "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE r (id int PRIMARY KEY, t int);"
ROWS = "INSERT INTO t VALUES (1); INSERT INTO r VALUES (1, 1); ANALYZE;"
KEY = "ALTER TABLE r ADD CONSTRAINT f FOREIGN KEY (t) REFERENCES t;"
RULE = "foreign-key-without-index"


@pytest.mark.parametrize(
    ("index", "served"),
    [
        ("", False),
        ("CREATE INDEX i ON r (t DESC) INCLUDE (id);", True),
        ("CREATE INDEX i ON r (t) WHERE t > 3;", False),
        ("CREATE INDEX i ON r (id, t);", False),
        ("CREATE INDEX i ON r USING hash (t);", True),
        ("ALTER TABLE r ADD UNIQUE (t, id);", True),
    ],
)
def test_indexes_that_serve(make_db: MakeDb, find: Find, index: str, *, served: bool) -> None:
    found = find(make_db(TABLES + index + ROWS), TABLES + index + KEY).findings
    assert [(f.rule, f.severity) for f in found if f.rule == RULE] == ([] if served else [(RULE, "warning")])


def test_an_index_that_goes_is_missed(make_db: MakeDb, find: Find) -> None:
    live = make_db(TABLES + KEY + "CREATE INDEX i ON r (t);" + ROWS)
    assert [f.rule for f in find(live, TABLES + KEY).findings] == [RULE]
    other = TABLES + KEY + "CREATE INDEX j ON r (t, id);"
    assert RULE not in [f.rule for f in find(live, other).findings]


def test_a_key_that_was_never_served_is_old_news(make_db: MakeDb, find: Find) -> None:
    live = make_db(TABLES + KEY + ROWS)
    assert find(live, (TABLES + KEY).replace("t int)", "t int, a int)")).findings == ()


def test_a_new_table_is_a_note(make_db: MakeDb, find: Find) -> None:
    (found,) = find(make_db("CREATE TABLE t (id int PRIMARY KEY);"), TABLES + KEY).findings
    assert (found.rule, found.severity) == (RULE, "note")
