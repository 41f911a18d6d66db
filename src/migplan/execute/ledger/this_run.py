"""The run that is under way, as the ledger knows it."""

from __future__ import annotations

from migplan.core.records import record
from migplan.execute.ledger.ledger import Direction, Ledger


@record
class ThisRun:
    """A run of the ledger's plan in one direction, by its ``number`` there."""

    ledger: Ledger
    number: int
    direction: Direction
