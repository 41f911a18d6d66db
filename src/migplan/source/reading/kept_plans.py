"""Plans of catalog queries that a connection keeps, for those who read its catalogs again and again.

PostgreSQL plans such a query for longer than it runs it, as long as there is little in the catalogs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Set
from typing import Final

from migplan.core.records import record
from migplan.source.connect import Connection

_KEPT: Final = """
SELECT ARRAY(SELECT name FROM pg_prepared_statements WHERE name LIKE 'migplan~%'), pg_relation_size('pg_attribute')
"""
"""The server is asked what there is: files that are run in between may let go of all."""


@record
class KeptPlans:
    """What a connection has by now, and how large its catalogs are, to the next power of four: a plan that was made for
    few objects is none for many."""

    there: Set[str]
    magnitude: int

    def name(self, query: str) -> str:
        """The prepared statement of that query."""
        digest = hashlib.blake2b(query.encode(), digest_size=12).hexdigest()
        return f"migplan~{self.magnitude}~{digest}"


def kept_plans(connection: Connection) -> KeptPlans:
    """What is kept, in a transaction that keeps more.

    psycopg must prepare nothing by itself there: it lets go of all that is prepared behind each DROP and ALTER.
    """
    connection.prepare_threshold = None
    connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    ((names, size),) = connection.execute(_KEPT).fetchall()
    return KeptPlans(frozenset(names), (int(size).bit_length() + 1) // 2)
