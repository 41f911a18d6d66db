"""A domain over a large table is tightened after the deploy, and validated on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.windows import Shape, plan, query, there_and_back

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TABLE = "CREATE TABLE t (id int PRIMARY KEY, x d);"
ROWS = "INSERT INTO t SELECT g, 7 FROM generate_series(1, 100) g"


def _domain(rules: str) -> str:
    return f"CREATE DOMAIN d AS int {rules}; {TABLE}"


def test_check_is_added_and_then_validated(make_db: MakeDb) -> None:
    found = plan(make_db, _domain(""), _domain("CONSTRAINT c CHECK (VALUE <> 3)"), rows=ROWS)
    assert found.shapes == [Shape("1 contract", "alter:d", "NONE"), Shape("1 contract", "validate:d", "SHARE")]
    assert len(found.draft.segments) == 2
    there_and_back(found)


def test_not_null_counts_what_stands_in_the_way(make_db: MakeDb) -> None:
    found = plan(make_db, _domain(""), _domain("NOT NULL DEFAULT 4"), rows=ROWS)
    assert found.shapes == [Shape("0 expand", "loosen:d", "NONE"), Shape("1 contract", "validate:d", "SHARE")]
    (assertion,) = found.step("validate:d").asserts
    assert query(found.live, assertion.count) == [(0,)]
    there_and_back(found)


def test_value_in_a_text_is_no_value(make_db: MakeDb) -> None:
    old = f"CREATE DOMAIN d AS text; {TABLE}"
    new = f"CREATE DOMAIN d AS text CHECK (VALUE <> 'VALUE' AND length(VALUE) < 5); {TABLE}"
    found = plan(make_db, old, new, rows="INSERT INTO t VALUES (1, 'x')")
    (assertion,) = found.step("alter:d").asserts
    run = "WITH x AS (INSERT INTO t VALUES (2, 'VALUE'), (3, 'long enough') RETURNING 1) SELECT count(*) FROM x"
    assert query(found.live, run) == [(2,)]
    assert query(found.live, assertion.count) == [(2,)]


def test_what_loosens_does_not_wait(make_db: MakeDb) -> None:
    old = _domain("DEFAULT 3 CONSTRAINT a CHECK (VALUE > 0) CONSTRAINT b CHECK (VALUE < 1000)")
    new = _domain("NOT NULL DEFAULT 4 CONSTRAINT b CHECK (VALUE < 500) CONSTRAINT c CHECK (VALUE <> 4)")
    found = plan(make_db, old, new, rows=ROWS)
    assert found.shapes == [
        Shape("0 expand", "loosen:d", "NONE"),
        Shape("1 contract", "alter:d", "NONE"),
        Shape("1 contract", "validate:d", "SHARE"),
    ]
    assert found.sql("loosen:d") == ["ALTER DOMAIN public.d SET DEFAULT 4", "ALTER DOMAIN public.d DROP CONSTRAINT a"]
    there_and_back(found)


def test_loosening_alone_needs_no_deploy(make_db: MakeDb) -> None:
    found = plan(make_db, _domain("NOT NULL CHECK (VALUE > 0)"), _domain(""), rows=ROWS)
    assert found.shapes == [Shape("0 expand", "alter:d", "NONE")]
    there_and_back(found)
