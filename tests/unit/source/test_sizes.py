"""What is known of tables' sizes: of all of them a little, of those that a plan touches everything."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from migplan.core.ids import ObjectId
from migplan.source.connect import connect
from migplan.source.reading.introspect import introspect
from migplan.source.reading.sizes import probe

if TYPE_CHECKING:
    from tests.conftest import MakeDb

SCRIPT = """
CREATE TABLE parent (id int PRIMARY KEY, body text) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parent FOR VALUES FROM (0) TO (1000) PARTITION BY RANGE (id);
CREATE TABLE leaf PARTITION OF part FOR VALUES FROM (0) TO (1000);
INSERT INTO leaf SELECT n, repeat('x', 100) FROM generate_series(0, 99) n;
CREATE TABLE other (id int PRIMARY KEY);
INSERT INTO other VALUES (1);
ANALYZE leaf;
"""


@pytest.mark.pg(18)
def test_a_probe_measures_the_partitions_of_what_is_touched(make_db: MakeDb) -> None:
    parent, leaf, other = (ObjectId("table", ("public", name)) for name in ("parent", "leaf", "other"))
    with contextlib.closing(connect(make_db(SCRIPT))) as connection:
        read = introspect(connection)
        probed = probe(connection, read, [parent], limit=10)
        total = connection.execute("SELECT pg_table_size('leaf') + pg_indexes_size('leaf')").fetchone()
    assert total is not None
    assert 0 < read.sizes[leaf].bytes < total[0] == probed.sizes[leaf].bytes
    assert read.sizes[leaf].rows == 100
    assert probed.sizes[other] == read.sizes[other]
    assert not read.sizes[leaf].empty
    assert not read.sizes[other].empty
