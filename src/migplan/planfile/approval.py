"""A sign-off that lies in the plan's folder and is bound to its digest: void as soon as the plan changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from pydantic import ValidationError

from migplan.core.errors import PlanFileError
from migplan.planfile.folder import PlanFolder
from migplan.planfile.model import Model

FILE = "approval.json"


class Approval(Model):
    """Who approved which plan, and when."""

    by: str
    at: str
    digest: str


def approve(folder: PlanFolder, by: str) -> Approval:
    """Write the sign-off into the plan's folder. Raises ``PlanFileError`` where it can't be written."""
    signed = Approval(by=by, at=datetime.now(UTC).isoformat(timespec="seconds"), digest=folder.plan.digest)
    try:
        (folder.path / FILE).write_text(signed.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise PlanFileError(f"can't write {folder.path / FILE}: {error.strerror}") from error
    return signed


def approval(folder: PlanFolder) -> Approval | None:
    """The sign-off of this very plan, if there is one."""
    file = folder.path / FILE
    if not file.is_file():
        return None
    try:
        found = Approval.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise PlanFileError(
            "is not a readable approval", place=str(file), hint="Remove it, and approve the plan again."
        ) from error
    return found if found.digest == folder.plan.digest else None
