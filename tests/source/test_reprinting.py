"""A list of varchar values is printed otherwise once PostgreSQL has read its own print: no difference."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.support.plans import catalog
from tests.support.servers import client

if TYPE_CHECKING:
    from tests.conftest import MakeDb

SCRIPT = """
CREATE TABLE sale (
  state varchar(9) DEFAULT 'new' CHECK (state IN ('new', 'paid')),
  open boolean DEFAULT ('new'::varchar IN ('new', 'paid')),
  late boolean GENERATED ALWAYS AS (state IN ('new', 'due')) STORED
);
CREATE INDEX sale_open ON sale (state) WHERE state IN ('new', 'due');
CREATE VIEW unpaid AS SELECT * FROM sale WHERE state IN ('new', 'due');
"""


@pytest.mark.pg(18)
def test_what_went_through_a_dump_is_no_difference(make_db: MakeDb) -> None:
    url = make_db(SCRIPT)
    printed = subprocess.run([client("pg_dump"), "-s", url], check=True, capture_output=True, text=True).stdout
    dumped = catalog(make_db("\n".join(line for line in printed.splitlines() if not line.startswith("\\"))))
    read = catalog(url)
    assert "ANY ((ARRAY[" in printed
    compared = read.compared_with(dumped)
    assert (compared.gone, compared.come, compared.changed) == (frozenset(), frozenset(), ())
