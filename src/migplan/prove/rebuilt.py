"""The live schema rebuilt in the shadow, out of its catalog."""

from __future__ import annotations

from dataclasses import replace

import psycopg

from migplan.core.errors import ProofError
from migplan.core.model import Catalog
from migplan.core.settings import Settings
from migplan.planning.plan import draft
from migplan.source.connect import Connection
from migplan.source.introspect import introspect
from migplan.source.managed import Managed


def rebuild_live(before: Catalog, connection: Connection, *, managed: Managed, settings: Settings) -> None:
    """Create the live schema in an empty database, out of its catalog."""
    offline = replace(settings, offline=True)
    empty = managed.of(introspect(connection, managed.scope))
    plan = draft(empty, before, settings=offline)
    connection.autocommit = True
    connection.execute("SET check_function_bodies = off; SET client_min_messages = warning")
    for step in plan.steps:
        for statement in step.up:
            try:
                connection.execute(statement.sql.encode())
            except psycopg.Error as error:
                raise ProofError(
                    f"the live schema can't be rebuilt in the shadow: {error.diag.message_primary or error}",
                    place=str(step.object),
                    hint="Objects that it needs may lie outside of the managed schemas: load them by [shadow] setup.",
                ) from error
