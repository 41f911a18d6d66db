"""Rules of style about new columns' types: off unless migplan.toml asks for them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable

from migplan.findings.base import Found, Rule, Subject
from migplan.kinds.column import Column


class ColumnStyle(Rule):
    """A rule that judges each new column, and each that changes its type, by itself."""

    severity = "off"

    def find(self, subject: Subject) -> Iterable[Found]:
        for old, new in subject.new_versions(Column):
            if new.inherited or new.relation.kind != "table" or (old is not None and old.type == new.type):
                continue
            message = self.objection(new, subject)
            if message is not None:
                yield Found(message, new.id)

    @abstractmethod
    def objection(self, column: Column, subject: Subject) -> str | None:
        """What is to be said against the column, or None."""
