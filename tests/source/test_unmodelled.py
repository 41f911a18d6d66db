"""What isn't modelled is found and named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from tests.support.plans import catalog

if TYPE_CHECKING:
    from tests.conftest import MakeDb

SCRIPT = """
CREATE LANGUAGE unsafe HANDLER plpgsql_call_handler;
CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
CREATE TYPE announced;
CREATE OPERATOR === (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int, NEGATOR = !===);
CREATE TABLE t (a int);
GRANT SELECT (ctid, a) ON t TO PUBLIC;
CREATE TABLE parted (a int NOT NULL) PARTITION BY LIST (a);
CREATE TABLE part PARTITION OF parted FOR VALUES IN (1);
"""
NUMBERED = "ALTER TABLE ONLY part ALTER a ADD GENERATED ALWAYS AS IDENTITY;"
"""From 17 on a partition's column is numbered with its parent's."""


def test_everything_is_named(make_db: MakeDb) -> None:
    url = make_db(SCRIPT)
    major = catalog(url).major
    if major < 17:
        with psycopg.connect(url) as connection:
            connection.execute(NUMBERED)
    found = catalog(url).unmodelled
    assert {(thing.what, thing.name) for thing in found} - {("identity of a partition alone", "public.part.a")} == {
        ("language", "unsafe"),
        ("access method", "pile"),
        ("type without a definition", "public.announced"),
        ("operator without a definition", "public.!==="),
        ("privilege on a system column", "public.t.ctid"),
    }
    assert any(thing.what == "identity of a partition alone" for thing in found) == (major < 17)
