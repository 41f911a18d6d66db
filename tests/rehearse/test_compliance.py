"""What a version may send to a schema that isn't its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from migplan.rehearse.compliance import comparable

if TYPE_CHECKING:
    from tests.conftest import MakeDb


def test_values_compare_also_where_a_domain_takes_no_null(make_db: MakeDb) -> None:
    with psycopg.connect(make_db("CREATE DOMAIN amount AS bigint NOT NULL"), autocommit=True) as db:
        assert comparable(db, "amount", "integer")
        assert not comparable(db, "amount", "text")
