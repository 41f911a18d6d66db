"""A NOT NULL constraint that is renamed with its column, or with the table."""

from __future__ import annotations

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import ident, sql
from migplan.core.steps import LockMode, Statement


@record
class NameOfNotNull:
    """The NOT NULL of a column (by its declared name) that goes from one name to another."""

    column: ObjectId
    old: str
    new: str

    @property
    def there(self) -> Statement:
        """What renames it."""
        return self._renamed(self.old, self.new)

    @property
    def back(self) -> Statement:
        """What renames it back."""
        return self._renamed(self.new, self.old)

    def _renamed(self, name: str, to: str) -> Statement:
        table = ident(*self.column.parent("table").path)
        command = sql("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", table, ident(name), ident(to))
        return Statement(command, LockMode.ACCESS_EXCLUSIVE)
