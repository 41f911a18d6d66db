"""The contract of a rule on hand-written statements: what it looks at, and what it says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import ClassVar

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.steps import LockMode
from migplan.findings.weights import Level
from migplan.lint.run import Ran
from migplan.strategies.sizing import Size, Sizing


@record(slots=False)
class Tables:
    """The tables that were there before the files ran, by the names that locks bear (``schema.name``)."""

    before: Catalog
    settings: Settings

    def used(self, locks: Mapping[str, str], least: LockMode) -> list[str]:
        """Those on which a lock as strong as ``least`` is taken, and which may hold rows that somebody works with."""
        return [n for n, mode in sorted(locks.items()) if LockMode[mode.replace(" ", "_")] >= least and self._in_use(n)]

    def large(self, names: Iterable[str]) -> list[str]:
        """The large ones among them, and those of unknown size."""
        return [n for n in names if n in self._ids and self._sizing.of(self._ids[n]) is Size.LARGE]

    def _in_use(self, name: str) -> bool:
        return name in self._ids and not self._sizing.empty(self._ids[name])

    @cached_property
    def _ids(self) -> Mapping[str, ObjectId]:
        relations = (o.id for o in self.before if o.id.kind in ("table", "materialized_view"))
        return {".".join(id.path): id for id in relations}

    @cached_property
    def _sizing(self) -> Sizing:
        return Sizing(self.before, self.settings)


@record
class ScriptExample:
    """A live schema (with rows), a migration that the rule speaks of, and one that does the same without danger."""

    before: str
    bad: str
    good: str


class StatementRule(ABC):
    """One danger of a statement. Rules are found by listing ``lint/rules``; each file offers ``RULE``."""

    id: ClassVar[str]
    severity: ClassVar[Level]
    condition: ClassVar[str]
    effect: ClassVar[str]
    advice: ClassVar[str]
    example: ClassVar[ScriptExample]

    @abstractmethod
    def find(self, ran: Ran, tables: Tables) -> Iterable[str]:
        """A sentence for each danger of the statement."""
