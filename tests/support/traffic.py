"""Both versions of an application at work while a plan runs, up and down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.applications import Session, Version, lost_writes
from tests.support.migrations import psql

if TYPE_CHECKING:
    from tests.support.migrations import Migration


def traffic_while(found: Migration, direction: str, before: Version, after: Version) -> None:
    """Old sessions until the checkpoint is past, new ones from the checkpoint on; downwards the other way round."""
    base = 0 if direction == "up" else 1000
    old = [Session(found.live, before, base + 100 * n) for n in (1, 2)]
    new = [Session(found.live, after, base + 100 * n) for n in (3, 4)]
    first, then = (old, new) if direction == "up" else (new, old)
    windows = found.plan.windows if direction == "up" else list(reversed(found.plan.windows))
    running = [s.start() for s in first]
    _run(found, windows[0].number, direction)
    running += [s.start() for s in then]
    for session in first:
        session.stop()
    _run(found, windows[1].number, direction)
    for session in running:
        session.stop()
    assert [s.errors for s in running] == [[], [], [], []], (direction, [s.errors for s in running])
    assert all(s.rounds for s in running)
    assert lost_writes(found.live, (after if direction == "up" else before).read, running) == []


def _run(found: Migration, window: int, direction: str) -> None:
    phases = next(w for w in found.plan.windows if w.number == window).phases
    for phase in phases if direction == "up" else reversed(phases):
        psql(found.live, found.folder.files[phase.up if direction == "up" else phase.down])
