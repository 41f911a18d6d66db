"""Extensions moved in the shadow: the live schema is rebuilt there, they move, and it is read again."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from migplan.core.changes import Alter
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.settings import Settings
from migplan.core.sql import ident, sql
from migplan.kinds.extension import Extension
from migplan.planning.names.moved_extensions import move_statement
from migplan.prove.rebuilt import rebuild_live
from migplan.prove.settle import Scratch
from migplan.source.reading.introspect import introspect
from migplan.source.reading.managed import Managed


def with_extensions_moved(
    before: Catalog, moves: Sequence[Alter], scratch: Scratch, managed: Managed, settings: Settings
) -> Catalog:
    """The live catalog as it is behind the moves."""
    with scratch() as database, contextlib.closing(database.connect()) as connection:
        rebuild_live(before, connection, managed=managed, settings=settings)
        for change in moves:
            assert isinstance(change.new, Extension)
            schema = change.new.schema
            connection.execute(sql("CREATE SCHEMA IF NOT EXISTS {}", ident(schema)).encode())
            connection.execute(move_statement(change.new, schema).sql.encode())
        found = managed.of(introspect(connection, managed.scope, again=True))
    made = {ObjectId("schema", (c.new.schema,)) for c in moves if isinstance(c.new, Extension)} - before.objects.keys()
    objects = {id: o for id, o in found.objects.items() if id not in made}
    sizes = {id: size for id, size in before.sizes.items() if id in objects}
    return replace(found, objects=objects, sizes=sizes, role=before.role, left_alone=before.left_alone)
