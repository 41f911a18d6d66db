"""A run as it is asked for, what it is about to do, and where it ended."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field

from migplan.core.records import record
from migplan.execute.backfills.change_logs import WaitingLog
from migplan.execute.beforehand.demands import Demands
from migplan.execute.beforehand.preflight import Concern
from migplan.execute.hooks import Hooks
from migplan.execute.journey import Position, Stop
from migplan.execute.ledger.ledger import Direction
from migplan.execute.manner import Manner, Teller
from migplan.planfile.folder import PlanFolder
from migplan.planfile.locks import PlanLocks
from migplan.planfile.model import CheckpointModel, SizeModel, StepModel
from migplan.planfile.units import Unit


@record(slots=False)
class Intent:
    """What a run is about to do: from where, to which boundary, by which units and steps.

    ``locks`` are those of this direction; ``sizes`` those of the live tables, by ``schema.table``, at this moment;
    ``concerns`` what is in the way; ``logs`` what is replayed besides, where the plan waits for a deploy.
    """

    folder: PlanFolder
    direction: Direction
    at: Position
    goal: Stop
    units: Sequence[Unit]
    steps: Sequence[StepModel]
    locks: PlanLocks
    sizes: Mapping[str, SizeModel] = field(default_factory=dict[str, SizeModel])
    concerns: Sequence[Concern] = ()
    logs: Sequence[WaitingLog] = ()

    @property
    def losses(self) -> list[str]:
        """What data the run takes away, in sentences."""
        if self.direction == "up":
            return [f"{s.id}: {s.loses}" for s in self.steps if s.loses]
        return []

    @property
    def irreversible(self) -> list[str]:
        """On the way back: what can't be brought back, with its reason."""
        if self.direction == "up":
            return []
        stays = [f"{s.id}: {s.down.irreversible}" for s in self.steps if s.down.irreversible]
        return stays + [f"{s.id}: the way back doesn't bring back {s.down.loses}" for s in self.steps if s.down.loses]


@record(slots=False)
class Reached:
    """Where a run ended: the boundary, and the checkpoint that waits there, if one does."""

    stop: Stop
    checkpoint: CheckpointModel | None
    ran: int


@record(slots=False)
class Permissions:
    """What the operator said beforehand. ``backup`` vouches for one, ``despite_preflight`` for what preflight stops."""

    drift: Collection[str] = ()
    data_loss: bool = False
    irreversible: bool = False
    assume_deployed: bool = False
    despite_preflight: bool = False
    backup: str | None = None


@record(slots=False)
class Order:
    """A run as it was asked for. ``agree`` is shown the intent and raises where the operator doesn't want it.

    ``stage`` is what the database is called in the plan's evidence, ``demands`` what it wants before a plan runs there,
    ``said`` are options with which another command means the same database.
    """

    target: str
    manner: Manner
    teller: Teller
    agree: Callable[[Intent], None]
    permissions: Permissions = field(default_factory=Permissions)
    stage: str | None = None
    demands: Demands = field(default_factory=Demands)
    hooks: Hooks = field(default_factory=Hooks)
    said: str = ""
