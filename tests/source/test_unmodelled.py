"""What isn't modelled is found and named."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
"""


def test_everything_is_named(make_db: MakeDb) -> None:
    found = catalog(make_db(SCRIPT)).unmodelled
    assert {(thing.what, thing.name) for thing in found} == {
        ("language", "unsafe"),
        ("access method", "pile"),
        ("type without a definition", "public.announced"),
        ("operator without a definition", "public.!==="),
        ("privilege on a system column", "public.t.ctid"),
    }
