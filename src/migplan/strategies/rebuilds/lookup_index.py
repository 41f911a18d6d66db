"""Where nothing in a form of a table leads to the rows that its other form tells apart, it has an index for that as
long as both stand: one on each table that holds rows, because a partitioned one would be named by PostgreSQL, and
could be taken for a declared one."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import deparsed, ident, join, sql
from migplan.core.steps import Down, Phase, Statement, Step, step_id, temporary_name
from migplan.kinds.index import Index, create_index, drop_index
from migplan.kinds.table import Table
from migplan.strategies.rebuilds.family import Family


@record(slots=False)
class LookupIndex:
    """The indexes over ``columns`` of a form; none without columns."""

    family: Family
    columns: tuple[str, ...]

    def aside(self) -> Iterable[Statement]:
        """What makes them while the form stands aside, empty."""
        schemas = self.family.schemas
        for index in self._indexes():
            (schema, name), table = index.id.path, index.relation.path
            yield Statement(
                sql(
                    "CREATE INDEX {} ON {} {}",
                    ident(name),
                    ident(schemas[schema], *table[1:]),
                    deparsed(index.definition),
                )
            )

    def made(self, strategy: str) -> Step:
        """The step that makes them on the form in use, and whose way back drops them."""
        root = self.family.root
        names = ", ".join(self.columns)
        return Step(
            id=f"{step_id('index', root)}:{self.family.label}",
            title=f"build an index of {root} on {names} concurrently, until it has changed places",
            object=root,
            strategy=strategy,
            phase=Phase.MIGRATE,
            why="rows are copied and looked up along it, and nothing in this form leads to them",
            up=tuple(create_index(i, concurrently=True) for i in self._indexes()),
            down=Down(tuple(drop_index(i, concurrently=True) for i in self._indexes())),
        )

    def _indexes(self) -> Iterable[Index]:
        if not self.columns:
            return
        definition = sql("USING btree ({})", join(", ", map(ident, self.columns)))
        tables = (self.family.catalog[id] for id in self.family.tables)
        leaves = [t.id for t in tables if isinstance(t, Table) and t.partition_key is None]
        for n, leaf in enumerate(leaves):
            name = temporary_name(self.family.root.path[1], f"{self.family.label}_key{n}")
            yield Index(id=ObjectId("index", (leaf.path[0], name)), relation=leaf, definition=definition)
