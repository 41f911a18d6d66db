"""What apply and rollback have in common: what is shown while a plan runs, and who agrees that it does."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from migplan.core.errors import BlockedError
from migplan.core.next_command import next_command
from migplan.core.wording import bytes_of, counted
from migplan.execute.order import Intent
from migplan.planfile.approval import approval
from migplan.planfile.model import StepModel
from migplan.planfile.units import Unit
from migplan.source.connect import redact

_QUIET_FOR = 2.0


class TerminalTeller:
    """Says what happens on stdout, line by line, fit for a terminal and for a log."""

    def __init__(self) -> None:
        self._total = 0
        self._number = 0
        self._said = 0.0

    def start(self, units: Sequence[Unit]) -> None:
        """These are to be run."""
        self._total = sum(bool(u.at_work) for u in units)

    def say(self, message: str) -> None:
        """Something that the operator should know."""
        print(f"    {message}", flush=True)

    def unit(self, unit: Unit, title: str) -> None:
        """A unit begins; what does nothing in this direction is not worth a line."""
        if unit.at_work:
            self._number += 1
            print(f"[{self._number}/{self._total}] {unit.file}: {title}", flush=True)

    def progress(self, what: str, share: float) -> None:
        """How far a long statement is; not more often than every other second."""
        now = time.monotonic()
        if now - self._said < _QUIET_FOR:
            return
        self._said = now
        print(f"    {share:4.0%} {what}", flush=True)


def described(intent: Intent) -> str:
    """What a run will do: its steps with their locks, the sizes of the tables now, what is in the way."""
    way = "forwards to" if intent.direction == "up" else "back to"
    lines = [f"{intent.folder.plan.name}: {counted(len(intent.steps), 'step')} {way} {intent.goal.name}"]
    busy = {step for unit in intent.units for step in unit.at_work}
    lines += [_line(intent, step) for step in intent.steps if step.id in busy]
    idle = sum(step.id not in busy for step in intent.steps)
    lines += [f"  ({idle} {'step does' if idle == 1 else 'steps do'} nothing on this way)"] if idle else []
    lines += [f"  DATA LOSS: {loss}" for loss in intent.losses]
    lines += [f"  STAYS: {what}" for what in intent.irreversible]
    lines += [f"  NOTE: {concern}" for concern in intent.concerns]
    return "\n".join(lines)


def _line(intent: Intent, step: StepModel) -> str:
    if intent.direction == "down" and step.down.measured is None:
        return f"  {step.title_back}"
    locks = intent.locks
    lock = locks.strongest(step)
    words = [lock if lock != "NONE" else "no lock"]
    if not step.new_objects:
        words += ["rewrites the table"] if locks.rewrites(step) else ["reads the table"] if locks.scans(step) else []
    sizes = [intent.sizes[table] for table in locks.touched(step) if table in intent.sizes]
    if sizes and not step.new_objects:
        size = max(sizes, key=lambda s: s.bytes)
        words += [
            f"{size.rows:,} {'row' if size.rows == 1 else 'rows'}" if size.rows >= 0 else "rows never counted",
            bytes_of(size.bytes),
        ]
    return f"  {step.title if intent.direction == 'up' else step.title_back}  ({', '.join(words)})"


def agree(intent: Intent, *, yes: bool) -> None:
    """Show what will run; ask once, unless it was said beforehand. Raises ``BlockedError`` where nobody agrees."""
    print(described(intent), flush=True)
    if yes:
        return
    signed = approval(intent.folder)
    if signed is not None and intent.direction == "up":
        print(f"approved by {signed.by} on {signed.at}", flush=True)
        return
    if not (sys.stdin and sys.stdin.isatty()):
        approving = next_command("approve", intent.folder.path, "--by NAME")
        raise BlockedError(
            "nobody has agreed to this, and there is no terminal to ask at",
            hint=f"Say --yes, or let somebody approve the plan: {approving}.",
        )
    if input("Run it? [y/N] ").strip().lower() not in ("y", "yes"):
        raise BlockedError("not agreed; nothing was done")


def said_options(target: str | None, config: Path | None) -> str:
    """The options with which another command means the same database: without them it could be another one's."""
    words: list[str] = []
    if target:
        words += ["--target", shlex.quote(target) if redact(target) == target else "…"]
    if config:
        words += ["--config", shlex.quote(str(config))]
    return " ".join(words)
