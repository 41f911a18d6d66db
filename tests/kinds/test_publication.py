"""Publications: tables, column lists, row filters, schemas and parameters."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import both_ways, from_nothing

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES = """
CREATE SCHEMA s; CREATE TABLE t (id int PRIMARY KEY, a int, b text); CREATE TABLE "U u" (id int PRIMARY KEY, "X x" int);
CREATE TABLE s.t (id int PRIMARY KEY); CREATE TABLE p (id int PRIMARY KEY, d date) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (9); CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child () INHERITS (parent);
"""
VARIANTS = (
    "CREATE PUBLICATION x",
    "CREATE PUBLICATION x FOR ALL TABLES",
    "CREATE PUBLICATION x FOR TABLE t, \"U u\"; COMMENT ON PUBLICATION x IS 'x'",
    "CREATE PUBLICATION x FOR TABLE s.t, ONLY parent WITH (publish = 'insert, truncate')",
    "CREATE PUBLICATION x FOR TABLE p WITH (publish = '', publish_via_partition_root)",
)
VARIANTS_15 = (
    'CREATE PUBLICATION x FOR TABLE t (id, b) WHERE (a > 0 AND b IS NOT NULL), "U u" ("X x", id)',
    "CREATE PUBLICATION x FOR TABLE t (id) WHERE (id > 1)",
    "CREATE PUBLICATION x FOR TABLES IN SCHEMA s, TABLE t WHERE (a > 0)",
    "CREATE PUBLICATION x FOR TABLE p WHERE (id > 3), parent WITH (publish_via_partition_root)",
)
STORED = "CREATE PUBLICATION x FOR TABLE t WITH (publish_generated_columns = stored)"


def _alter_every_pair(make_db: Callable[[str], str], variants: tuple[str, ...]) -> None:
    for old, new in pairwise(variants):
        both_ways(make_db, TABLES + old, TABLES + new)


def test_every_attribute(make_db: Callable[[str], str]) -> None:
    from_nothing(make_db, TABLES + ";".join(v.replace(" x ", f" x{n} ") for n, v in enumerate(VARIANTS)))
    _alter_every_pair(make_db, VARIANTS)


@pytest.mark.pg(min=15)
def test_lists_filters_and_schemas(make_db: Callable[[str], str]) -> None:
    _alter_every_pair(make_db, (*VARIANTS_15, VARIANTS[1]))


@pytest.mark.pg(18)
def test_generated_columns(make_db: Callable[[str], str]) -> None:
    from_nothing(make_db, TABLES + STORED)
    both_ways(make_db, TABLES + STORED, TABLES + VARIANTS[2])


def test_altered_without_a_gap(make_db: Callable[[str], str]) -> None:
    ran = both_ways(make_db, TABLES + VARIANTS[2], TABLES + VARIANTS[3])
    assert not [s for s in ran.up if s.startswith(("DROP PUBLICATION", "CREATE PUBLICATION"))]


def test_a_published_table_goes_and_another_comes(make_db: Callable[[str], str]) -> None:
    old = "CREATE TABLE gone (id int); CREATE TABLE t (id int); CREATE PUBLICATION x FOR TABLE gone, t"
    new = "CREATE TABLE t (id int); CREATE TABLE fresh (id int); CREATE PUBLICATION x FOR TABLE t, fresh"
    both_ways(make_db, old, new)


@pytest.mark.pg(min=15)
def test_a_filtered_column_changes_its_type(make_db: Callable[[str], str]) -> None:
    """PostgreSQL refuses while a publication's filter uses the column; the other tables stay published."""
    script = "CREATE TABLE t (id {}); CREATE TABLE u (id int); CREATE PUBLICATION x FOR TABLE t WHERE (id > 1), u"
    ran = both_ways(make_db, script.format("int"), script.format("bigint"))
    assert not [s for s in ran.up if "public.u" in s or s.startswith("DROP PUBLICATION")]


@pytest.mark.pg(min=15)
def test_a_listed_column_goes(make_db: Callable[[str], str]) -> None:
    old = "CREATE TABLE t (id int, a int, b int); CREATE PUBLICATION x FOR TABLE t (id, a)"
    new = "CREATE TABLE t (id int, b int); CREATE PUBLICATION x FOR TABLE t (id, b)"
    both_ways(make_db, old, new)


def test_a_published_table_is_rebuilt_while_parameters_change(make_db: Callable[[str], str]) -> None:
    table = "CREATE TABLE t (id int, d date) PARTITION BY {} (id); CREATE TABLE u (id int);"
    publication = "CREATE PUBLICATION x FOR TABLE t, u WITH (publish = '{}')"
    old = table.format("RANGE") + publication.format("insert")
    new = table.format("LIST") + publication.format("insert, delete")
    both_ways(make_db, old, new)
