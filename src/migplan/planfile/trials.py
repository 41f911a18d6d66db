"""Where a plan has run, and which backups were attested: kept in its folder, each bound to the digest of that day."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, Literal

from pydantic import Field, ValidationError

from migplan.core.errors import PlanFileError
from migplan.planfile.folder import PlanFolder
from migplan.planfile.model import Model

FILE: Final = "evidence.json"


class Trial(Model):
    """One run on a ``stage``: how far it came (``phases`` of the plan), in which maintenance ``hours`` if in any."""

    stage: str
    at: str
    by: str
    digest: str
    direction: Literal["up", "down"]
    boundary: str
    phases: int
    outcome: Literal["reached", "failed"]
    error: str | None = None
    hours: str | None = None


class Backup(Model):
    """Somebody's word for a backup: ``what`` it is called or where it lies."""

    what: str
    at: str
    by: str
    digest: str


class Trials(Model):
    """All that is known; ``of`` the plan as it is are those whose digest is the plan's."""

    trials: list[Trial] = Field(default_factory=list[Trial])
    backups: list[Backup] = Field(default_factory=list[Backup])

    def reached(self, stage: str) -> Trial | None:
        """The run forwards on a stage that came furthest since the last one there that failed."""
        found: Trial | None = None
        for trial in self.trials:
            if trial.stage != stage or trial.direction != "up":
                continue
            if trial.outcome == "failed":
                found = None
            elif found is None or trial.phases >= found.phases:
                found = trial
        return found


def now() -> str:
    """The present moment as these records write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def trials_of(folder: PlanFolder) -> Trials:
    """What is known of this very plan. Raises ``PlanFileError`` for a file that can't be read."""
    found, digest = _read(folder), folder.plan.digest
    return Trials(
        trials=[t for t in found.trials if t.digest == digest], backups=[b for b in found.backups if b.digest == digest]
    )


def record(folder: PlanFolder, *, trials: Iterable[Trial] = (), backups: Iterable[Backup] = ()) -> None:
    """Write more down. Raises ``PlanFileError`` where the folder can't be written."""
    found = _read(folder)
    more = Trials(trials=[*found.trials, *trials], backups=[*found.backups, *backups])
    file = folder.path / FILE
    staging = file.with_name(f".{FILE}.new")
    try:
        staging.write_text(more.model_dump_json(indent=2) + "\n", encoding="utf-8")
        staging.replace(file)
    except OSError as error:
        raise PlanFileError(f"can't write {file}: {error.strerror}") from error


def _read(folder: PlanFolder) -> Trials:
    file = folder.path / FILE
    if not file.is_file():
        return Trials()
    try:
        return Trials.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise PlanFileError("is not readable evidence", place=str(file), hint="Remove it, and run again.") from error
