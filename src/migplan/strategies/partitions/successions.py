"""Which partitions come in the place of which: those that are split, merged, or hand their bounds on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.kinds.attachment import attachment
from migplan.kinds.bounds import covered, in_the_way
from migplan.kinds.foreign_table import ForeignTable
from migplan.kinds.table import Table

Partition = Table | ForeignTable


@record(slots=False)
class Successions:
    """Partitions that go, come or get other bounds; those of a ``rebuilt`` table come and go with its incarnations, and
    ``remade`` ones leave and join their parents in the course of something else."""

    before: Catalog
    after: Catalog
    rebuilt: frozenset[ObjectId]
    remade: frozenset[ObjectId]

    @cached_property
    def gone(self) -> Mapping[ObjectId, list[Partition]]:
        """Partitions that lose their place, by parent."""
        return self._by_parent(self.before, self.after)

    @cached_property
    def come(self) -> Mapping[ObjectId, list[Partition]]:
        """Partitions that get a place, by parent."""
        return self._by_parent(self.after, self.before)

    @cached_property
    def successors(self) -> Mapping[ObjectId, Sequence[Partition]]:
        """The others that can come only once a partition lost its place."""
        found: dict[ObjectId, Sequence[Partition]] = {}
        for parent, olds in self.gone.items():
            news = self.come.get(parent, ())
            for old in olds:
                mine = [n for n in news if n.id != old.id and in_the_way(old.bound, n.bound)]
                if mine:
                    found[old.id] = mine
        return found

    @cached_property
    def exchanges(self) -> Mapping[ObjectId, str]:
        """The attachments that end or begin in one transaction, and its name."""
        groups: list[set[ObjectId]] = []
        for old, news in self.successors.items():
            group = {attachment(old), *(attachment(n.id) for n in news)}
            apart = [g for g in groups if g.isdisjoint(group)]
            groups = [*apart, group.union(*(g for g in groups if not g.isdisjoint(group)))]
        return {id: f"exchange {min(group).parent('table')}" for group in groups for id in group}

    def heirs(self, old: ObjectId) -> list[Table]:
        """Those that get the rows: new ones, and others that stay. A table that is attached brings rows of its own, and
        one that is only detached keeps its."""
        if not self._hands_on(old):
            return []
        news = (n for n in self.successors.get(old, ()) if isinstance(n, Table))
        return [n for n in news if n.id not in self.remade and (n.id not in self.before or self.stays(n.id))]

    def stays(self, id: ObjectId) -> bool:
        """Whether a partition gets other bounds of the same parent."""
        old, new = self.before.get(id, Table), self.after.get(id, Table)
        return bool(old and new and old.partition_of is not None and old.partition_of == new.partition_of)

    def rows_lost(self, table: Table) -> str | None:
        """Which rows go with a partition that is dropped, where others get some, as the end of a sentence; None if
        all find a place."""
        source = self.origin(table)
        if source is None:
            return f"the rows of {table.id}"
        heirs = self.heirs(source.id)
        if covered(source.bound, [h.bound for h in heirs]):
            return None
        return f"the rows of {table.id} that fit none of {', '.join(h.id.name for h in heirs)}"

    def origin(self, table: Table) -> Table | None:
        """The partition whose rows move on: the table itself, or one that is dropped with it."""
        if self.heirs(table.id):
            return table
        above = None if table.partition_of is None else self.before.get(table.partition_of, Table)
        return None if above is None or above.id in self.after else self.origin(above)

    def _hands_on(self, old: ObjectId) -> bool:
        return old not in self.remade and (old not in self.after or self.stays(old))

    def _by_parent(self, one: Catalog, other: Catalog) -> Mapping[ObjectId, list[Partition]]:
        found: dict[ObjectId, list[Partition]] = {}
        for partition in _moving(one, other):
            if partition.partition_of is not None and partition.partition_of not in self.rebuilt:
                found.setdefault(partition.partition_of, []).append(partition)
        return found


def _moving(one: Catalog, other: Catalog) -> Iterable[Partition]:
    """Partitions that the other side lacks, or has elsewhere."""
    for model in (Table, ForeignTable):
        for obj in one.of(model):
            twin = other.get(obj.id, model)
            if obj.partition_of is not None and (twin is None or _place(twin) != _place(obj)):
                yield obj


def _place(partition: Partition) -> tuple[ObjectId | None, str | None]:
    return partition.partition_of, partition.bound
