"""How a run behaves, and who is told of it."""

from __future__ import annotations

from dataclasses import field
from typing import Protocol

from migplan.core.records import record
from migplan.execute.backfills.backfill_job import Pace
from migplan.execute.beforehand.maintenance import Maintenance
from migplan.execute.failures.retry import Patience
from migplan.planfile.units import Unit


class Teller(Protocol):
    """Whoever is told what happens: a terminal, a log, a test."""

    def say(self, message: str) -> None:
        """Something that the operator should know."""
        ...

    def unit(self, unit: Unit, title: str) -> None:
        """A unit begins."""
        ...

    def progress(self, what: str, share: float) -> None:
        """How far a long statement is, from 0 to 1."""
        ...


@record
class Manner:
    """How a run behaves: how patient it is, what backfills give way to, whom it may end (seconds, None for nobody),
    in which hours it may hold up applications."""

    patience: Patience = field(default_factory=Patience)
    pace: Pace = field(default_factory=Pace)
    kill_older_than: float | None = None
    maintenance: Maintenance = field(default_factory=Maintenance)
