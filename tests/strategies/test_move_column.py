"""A column moves to another table while both versions of the application write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.applications import Version
from tests.support.migrations import migration, proved
from tests.support.traffic import traffic_while

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

LARGE = "[planning]\nsmall_table_rows = 0\n"
OLD = """
CREATE TABLE person (id int PRIMARY KEY, phone text);
CREATE TABLE contact (of_person int PRIMARY KEY REFERENCES person ON DELETE CASCADE, mail text);
"""
ROWS = """
INSERT INTO person SELECT g, '0' || g FROM generate_series(100000, 103000) g;
INSERT INTO contact SELECT id FROM person;
ANALYZE;
"""
NEW = """
CREATE TABLE person (id int PRIMARY KEY);
CREATE TABLE contact (
  of_person int PRIMARY KEY REFERENCES person ON DELETE CASCADE,
  mail text,
  phone text -- migplan: moved-from person.phone using of_person = id
);
"""
VALUE = "%(value)s::int::text"
BEFORE = Version(
    "old",
    insert=f"WITH p AS (INSERT INTO person (id, phone) VALUES (%(key)s, {VALUE}))"
    " INSERT INTO contact (of_person) VALUES (%(key)s)",
    update=f"UPDATE person SET phone = {VALUE} WHERE id = %(key)s",
    upsert=f"WITH p AS (INSERT INTO person (id, phone) VALUES (%(key)s, {VALUE})"
    " ON CONFLICT (id) DO UPDATE SET phone = excluded.phone)"
    " INSERT INTO contact (of_person) VALUES (%(key)s) ON CONFLICT DO NOTHING",
    read="SELECT phone::int FROM person WHERE id = %(key)s",
    delete="DELETE FROM person WHERE id = %(key)s",
)
AFTER = Version(
    "new",
    insert="WITH p AS (INSERT INTO person (id) VALUES (%(key)s))"
    f" INSERT INTO contact (of_person, phone) VALUES (%(key)s, {VALUE})",
    update=f"UPDATE contact SET phone = {VALUE} WHERE of_person = %(key)s",
    upsert="WITH p AS (INSERT INTO person (id) VALUES (%(key)s) ON CONFLICT DO NOTHING)"
    f" INSERT INTO contact (of_person, phone) VALUES (%(key)s, {VALUE})"
    " ON CONFLICT (of_person) DO UPDATE SET phone = excluded.phone",
    read="SELECT phone::int FROM contact WHERE of_person = %(key)s",
    delete="DELETE FROM person WHERE id = %(key)s",
)


def test_no_error_and_no_lost_write(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, OLD + ROWS, NEW, config=LARGE)
    for direction in ("up", "down"):
        traffic_while(found, direction, BEFORE, AFTER)


def test_values_without_a_row_to_go_to_are_counted_first(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, f"{OLD}{ROWS}INSERT INTO person VALUES (1, '1');", NEW)
    with pytest.raises(
        AssertionError, match=r"rows of table public\.person have no row in table public\.contact \(1 rows\)"
    ):
        found.run(0)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            OLD,
            NEW.replace("person (id int PRIMARY KEY)", "person (id int PRIMARY KEY, phone text)"),
            "is still declared",
        ),
        (OLD.replace("phone text", "phone text DEFAULT ''"), NEW, "has a default"),
        (OLD, NEW.replace("using of_person", "using mail"), "mail is no key"),
        (OLD, NEW.replace("from person.phone", "from person.fax"), "there is no such column"),
    ],
)
def test_what_stands_in_the_way_is_said(make_db: MakeDb, tmp_path: Path, old: str, new: str, reason: str) -> None:
    found = migration(make_db, tmp_path, old, new)
    (blocked,) = [f.message for f in found.plan.findings if f.severity == "blocked"]
    assert reason in blocked
