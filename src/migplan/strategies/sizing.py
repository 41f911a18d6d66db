"""How careful a table wants to be treated, told by what the live server knows of its size."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, TableSize
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.kinds._descendants import partitions


class Size(Enum):
    """How careful a table wants to be treated."""

    NEW = "new"
    """Created by the plan itself: nobody uses it."""
    EMPTY = "empty"
    """Certainly without rows when the plan is made (and asserted when it runs)."""
    SMALL = "small"
    LARGE = "large"
    """Also: of unknown size."""


@record(slots=False)
class Sizing:
    """The sizes of the live database's tables, judged by the settings' thresholds."""

    before: Catalog
    settings: Settings

    def of(self, table: ObjectId) -> Size:
        """The class of a relation's size; partitions count for their parent."""
        if table not in self.before:
            return Size.NEW
        if self.settings.offline:
            return Size.SMALL
        known = self.known(table)
        if not known and self._partitioned(table):
            return Size.EMPTY
        if known and all(s.empty for s in known):
            return Size.EMPTY
        rows = sum(s.rows for s in known)
        if not known or any(s.rows < 0 for s in known):
            return Size.LARGE
        small = rows <= self.settings.small_rows and sum(s.bytes for s in known) <= self.settings.small_bytes
        return Size.SMALL if small else Size.LARGE

    def empty(self, table: ObjectId) -> bool:
        """Whether a relation certainly holds no row: new, or probed."""
        if table not in self.before:
            return True
        known = self.known(table)
        return all(s.empty for s in known) if known else self._partitioned(table)

    def known(self, table: ObjectId) -> list[TableSize]:
        """What is known of the relation's own size and of its partitions'."""
        sizes = (self.before.sizes.get(id) for id in self._with_partitions(table))
        return [s for s in sizes if s is not None]

    def _partitioned(self, table: ObjectId) -> bool:
        return getattr(self.before[table], "partition_key", None) is not None

    def _with_partitions(self, table: ObjectId) -> Iterable[ObjectId]:
        yield table
        for child in partitions(table, self.before):
            yield from self._with_partitions(child)
